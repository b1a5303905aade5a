import assert from "node:assert/strict";
import fc from "fast-check";
import { gate, type Gated } from "../../src/core/gate.ts";
import { receive } from "../../src/core/received_request.ts";

const HOST = "metadata.google.internal";
const V1 = "/computeMetadata/v1";
const TOKEN = `${V1}/instance/service-accounts/default/token`;

interface Sent {
  readonly method?: string;
  readonly target?: string;
  /** `undefined` sends none. */
  readonly host?: string | undefined;
  /** Replaces what the server makes of Host and target. */
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Gates a request that is good but for what is given. */
function gateSent(sent: Sent, extraHosts: readonly string[] = []): Gated {
  const host = "host" in sent ? sent.host : HOST;
  const headers = new Headers({
    "Metadata-Flavor": "Google",
    ...(host === undefined ? {} : { Host: host }),
    ...sent.headers,
  });
  const origin = `http://${host ?? "localhost:8181"}`;
  const url = sent.url ?? `${origin}${sent.target ?? TOKEN}`;
  return gate(
    receive({ method: sent.method ?? "GET", url, headers }),
    extraHosts,
  );
}

function outcome(gated: Gated): string {
  return gated.outcome === "admit"
    ? "admit"
    : `${gated.status} ${gated.reason}`;
}

interface Case {
  readonly name: string;
  readonly sent: Sent;
  readonly expected: string;
}

async function check(
  t: Deno.TestContext,
  cases: readonly Case[],
): Promise<void> {
  for (const { name, sent, expected } of cases) {
    await t.step(name, () => assert.equal(outcome(gateSent(sent)), expected));
  }
}

Deno.test("gate() admits path and query exactly as sent", async (t) => {
  const cases = [
    { target: TOKEN, path: TOKEN, query: "" },
    { target: `${TOKEN}?`, path: TOKEN, query: "" },
    { target: "/", path: "/", query: "" },
    { target: "/?recursive=true", path: "/", query: "recursive=true" },
    {
      target: `${V1}/?%72ecursive=true`,
      path: `${V1}/`,
      query: "%72ecursive=true",
    },
    {
      target: `${V1}/?a;b=/../&c=%zz`,
      path: `${V1}/`,
      query: "a;b=/../&c=%zz",
    },
    { target: `${V1}/?a?b#c`, path: `${V1}/`, query: "a?b#c" },
    {
      target: `${V1}/x?audience=https://a.example/b`,
      path: `${V1}/x`,
      query: "audience=https://a.example/b",
    },
    { target: "/Az09-_.~@!$'()*,:+=", path: "/Az09-_.~@!$'()*,:+=", query: "" },
    { target: "/a/...", path: "/a/...", query: "" },
    { target: "/a/.b/..c/d.", path: "/a/.b/..c/d.", query: "" },
    { target: "/a/", path: "/a/", query: "" },
  ];
  for (const { target, path, query } of cases) {
    await t.step(target, () => {
      assert.deepEqual(gateSent({ target }), { outcome: "admit", path, query });
    });
  }
});

Deno.test("gate() refuses every path that a later reader could understand differently", async (t) => {
  const targets = [
    "//computeMetadata/v1/project/project-id",
    "//",
    `${V1}//project/project-id`,
    `${V1}/project//`,
    `${V1}/./project/project-id`,
    `${V1}/x/../project/project-id`,
    `${V1}/project/project-id/..`,
    `${V1}/project/.`,
    "/..",
    "/.",
    "/%63omputeMetadata/v1/project/project-id",
    `${V1}/instance%2Fservice-accounts/default/token`,
    `${V1}/instance/%2e%2e/project`,
    `${V1}/instance/%252e%252e/project`,
    `${V1}/instance/service-accounts/app%40demo-proj.iam.gserviceaccount.com/token`,
    `${V1}\\instance`,
    `${V1}/a\\..\\b`,
    `${V1}/%5cinstance`,
    `${V1}/project/project-id;x=1`,
    `${V1}/project/project-id%00`,
    `${V1}/project/project-id%0d%0aX:1`,
    `${V1}/project/project-id#x`,
    `${V1}/project/project-id\0`,
    `${V1}/project/project-id\n`,
    `${V1}/project/project id`,
    `${V1}/project/caf\u00e9`,
    `${V1}/project/\u2215`,
    `${V1}/"`,
    `${V1}/<`,
    `${V1}/|`,
    `${V1}/^`,
    "/`",
    `${V1}/{a}`,
    `${V1}/[a]`,
    `${V1}/a&b`,
  ];
  for (const target of targets) {
    await t.step(JSON.stringify(target), () => {
      assert.equal(outcome(gateSent({ target })), "404 bad-path");
      assert.equal(
        outcome(gateSent({ target: `${target}?a=b` })),
        "404 bad-path",
      );
    });
  }
});

Deno.test("gate() bounds the target", () => {
  const sized = (length: number): Sent => ({
    target: `/${"a".repeat(length - 1)}`,
  });
  assert.equal(outcome(gateSent(sized(8192))), "admit");
  assert.equal(outcome(gateSent(sized(8193))), "400 bad-target");
  const target = `/?${"a".repeat(8191)}`;
  assert.equal(outcome(gateSent({ target })), "400 bad-target");
});

Deno.test("gate() takes GET and HEAD only", async (t) => {
  const methods = {
    GET: "admit",
    HEAD: "admit",
    POST: "405 bad-method",
    PUT: "405 bad-method",
    DELETE: "405 bad-method",
    PATCH: "405 bad-method",
    TRACE: "405 bad-method",
    OPTIONS: "405 bad-method",
    PROPFIND: "405 bad-method",
    CONNECT: "405 bad-method",
    GETX: "405 bad-method",
    get: "400 bad-method",
    Head: "400 bad-method",
    "GET\n": "400 bad-method",
    "M-SEARCH": "400 bad-method",
    "": "400 bad-method",
  };
  for (const target of [TOKEN, "/", `${V1}/instance/guest-attributes/a/b`]) {
    for (const [method, expected] of Object.entries(methods)) {
      await t.step(`${JSON.stringify(method)} ${target}`, () => {
        assert.equal(outcome(gateSent({ method, target })), expected);
      });
    }
  }
  const override = { "X-HTTP-Method-Override": "GET" };
  const gated = gateSent({ method: "PUT", headers: override });
  assert.equal(outcome(gated), "405 bad-method");
});

Deno.test("gate() takes the server's own names and any address for a Host", async (t) => {
  const hosts = [
    HOST,
    `${HOST}.`,
    `${HOST}:80`,
    `${HOST}.:80`,
    "METADATA.Google.Internal",
    "metadata",
    "metadata.goog",
    "localhost",
    "localhost:8181",
    "169.254.169.254",
    "169.254.169.254:80",
    "127.0.0.1:8181",
    "10.1.2.3",
    "[fd20:ce::254]",
    "[fd20:ce::254]:80",
    "[::1]:8181",
    "[::ffff:169.254.169.254]",
  ];
  for (const host of hosts) {
    await t.step(host, () => {
      assert.deepEqual(gateSent({ host }), {
        outcome: "admit",
        path: TOKEN,
        query: "",
      });
    });
  }
});

Deno.test("gate() refuses a Host that is another server's", async (t) => {
  const foreign = "403 foreign-host";
  const bad = "400 bad-target";
  const hosts = {
    "evil.example": foreign,
    "evil.example:80": foreign,
    "metadata.google.internal.evil.example": foreign,
    "evil-metadata.google.internal": foreign,
    "metadata.google.internal..": foreign,
    "metadata.google": foreign,
    "google.internal": foreign,
    "localhost.evil.example": foreign,
    "169.254.169.254.nip.io": foreign,
    "2852039166": foreign,
    "0xa9fea9fe": foreign,
    "0251.0376.0251.0376": foreign,
    "169.254.43518": foreign,
    "[::10.0.0.1]": foreign,
    "[:::]": foreign,
    "": bad,
    "metadata:": bad,
    "metadata:x": bad,
    "metadata:123456": bad,
    "meta data": bad,
    "user@metadata": bad,
    "metadata/x": bad,
    "metadata?x": bad,
    "metadata#x": bad,
    "metadata,metadata": bad,
    "metadata, metadata": bad,
    "fd20:ce::254": bad,
    "[fd20:ce::254": bad,
    "[fe80::1%25eth0]": bad,
    "metad\u00e4ta": bad,
  };
  for (const [host, expected] of Object.entries(hosts)) {
    await t.step(JSON.stringify(host), () => {
      assert.equal(outcome(gateSent({ host })), expected);
    });
  }
});

Deno.test("gate() takes further Host names, whole ones only", () => {
  const extra = ["metadata.example"];
  const gateHost = (host: string): string => outcome(gateSent({ host }, extra));
  assert.equal(gateHost("metadata.example"), "admit");
  assert.equal(gateHost("Metadata.Example.:80"), "admit");
  assert.equal(gateHost(HOST), "admit");
  assert.equal(gateHost("x.metadata.example"), "403 foreign-host");
  assert.equal(
    outcome(gateSent({ host: "metadata.example" })),
    "403 foreign-host",
  );
});

Deno.test("gate() refuses whatever was forwarded, and no other trace of a proxy", async (t) => {
  const forwarded = "403 forwarded";
  const cases: readonly {
    headers: Record<string, string>;
    expected: string;
  }[] = [
    { headers: { "X-Forwarded-For": "1.2.3.4" }, expected: forwarded },
    { headers: { "X-Forwarded-For": "" }, expected: forwarded },
    { headers: { "x-forwarded-for": "1.2.3.4, 5.6.7.8" }, expected: forwarded },
    { headers: { Connection: "close, X-Forwarded-For" }, expected: forwarded },
    { headers: { Connection: "x-forwarded-for" }, expected: forwarded },
    { headers: { Connection: "close,X-FORWARDED-FOR,x" }, expected: forwarded },
    { headers: { "X-Real-IP": "1.2.3.4" }, expected: "admit" },
    { headers: { Via: "1.1 proxy" }, expected: "admit" },
    { headers: { Forwarded: "for=1.2.3.4" }, expected: "admit" },
    { headers: { "x-envoy-attempt-count": "1" }, expected: "admit" },
    { headers: { "x-request-id": "1" }, expected: "admit" },
    { headers: { Connection: "keep-alive" }, expected: "admit" },
    { headers: { Connection: "Upgrade", Upgrade: "h2c" }, expected: "admit" },
  ];
  for (const { headers, expected } of cases) {
    await t.step(JSON.stringify(headers), () => {
      assert.equal(outcome(gateSent({ headers })), expected);
      assert.equal(outcome(gateSent({ headers, target: "/" })), expected);
    });
  }
});

Deno.test("gate() refuses headers of more than 16 KiB together", async (t) => {
  const fixed = `Metadata-Flavor: Google\r\nHost: ${HOST}\r\nX: \r\nY: \r\n`;
  const half = (16_384 - fixed.length) / 2;
  const long = { X: "x".repeat(Math.ceil(half)), Y: "y".repeat(half) };
  await check(t, [
    { name: "as long as may be", sent: { headers: long }, expected: "admit" },
    {
      name: "one more",
      sent: { headers: { ...long, Y: `${long.Y}y` } },
      expected: "400 bad-headers",
    },
    {
      name: "one more in a name",
      sent: {
        headers: { ...long, Y: "y".repeat(Math.floor(half) - 4), Z: "" },
      },
      expected: "400 bad-headers",
    },
  ]);
});

Deno.test("gate() refuses a body", async (t) => {
  const refused = "400 has-body";
  await check(t, [
    {
      name: "a length of nothing",
      sent: { headers: { "Content-Length": "0" } },
      expected: "admit",
    },
    {
      name: "a type without a body, as fluent-bit sends it",
      sent: { headers: { "Content-Type": "application/text" } },
      expected: "admit",
    },
    {
      name: "a length",
      sent: { headers: { "Content-Length": "1" } },
      expected: refused,
    },
    {
      name: "a length that is no number",
      sent: { headers: { "Content-Length": "0, 0" } },
      expected: refused,
    },
    {
      name: "in chunks",
      sent: { headers: { "Transfer-Encoding": "chunked" } },
      expected: refused,
    },
    {
      name: "with HEAD, even of the root",
      sent: { method: "HEAD", target: "/", headers: { "Content-Length": "4" } },
      expected: refused,
    },
  ]);
});

Deno.test("gate() demands the flavor everywhere but at the root", async (t) => {
  const missing = "403 no-flavor";
  const cases = [
    { flavor: "Google", expected: "admit" },
    { flavor: " Google ", expected: "admit" },
    { flavor: undefined, expected: missing },
    { flavor: "", expected: missing },
    { flavor: "google", expected: missing },
    { flavor: "GOOGLE", expected: missing },
    { flavor: "Other", expected: missing },
    { flavor: "Google, Google", expected: missing },
    { flavor: "Google, Other", expected: missing },
    { flavor: "Google;", expected: missing },
  ];
  for (const { flavor, expected } of cases) {
    await t.step(JSON.stringify(flavor) ?? "none", () => {
      const headers = new Headers({ Host: HOST });
      if (flavor !== undefined) headers.set("Metadata-Flavor", flavor);
      const gateTarget = (target: string): Gated =>
        gate(
          receive({ method: "GET", url: `http://${HOST}${target}`, headers }),
        );
      assert.equal(outcome(gateTarget(TOKEN)), expected);
      assert.equal(outcome(gateTarget("/computeMetadata")), expected);
      assert.equal(outcome(gateTarget("/0.1/meta-data/")), expected);
      assert.equal(outcome(gateTarget("/")), "admit");
      assert.equal(outcome(gateTarget("/?recursive=true")), "admit");
    });
  }
  await check(t, [
    {
      name: "Connection makes an intermediate drop it",
      sent: { headers: { Connection: "Metadata-Flavor" } },
      expected: missing,
    },
    {
      name: "Connection drops it among others",
      sent: { headers: { Connection: "close, metadata-flavor" } },
      expected: missing,
    },
    {
      name: "the old header does not count",
      sent: {
        headers: { "Metadata-Flavor": "", "X-Google-Metadata-Request": "True" },
      },
      expected: missing,
    },
  ]);
});

Deno.test("gate() refuses a header that comes twice, an empty one first too", async (t) => {
  const cases = [
    { name: "Metadata-Flavor", value: "Google", expected: "403 no-flavor" },
    { name: "Host", value: HOST, expected: "400 bad-target" },
    { name: "Content-Length", value: "0", expected: "400 has-body" },
    { name: "X-Forwarded-For", value: "", expected: "403 forwarded" },
  ];
  for (const { name, value, expected } of cases) {
    for (const values of [["", value], [value, ""], [value, value]]) {
      await t.step(`${name}: ${JSON.stringify(values)}`, () => {
        const headers = new Headers({
          "Metadata-Flavor": "Google",
          Host: HOST,
        });
        headers.delete(name);
        for (const each of values) headers.append(name, each);
        const url = `http://${HOST}${TOKEN}`;
        const gated = gate(receive({ method: "GET", url, headers }));
        assert.equal(outcome(gated), expected);
      });
    }
  }
});

Deno.test("gate() refuses for the first of several reasons", async (t) => {
  const worst: Sent = {
    method: "POST",
    target: `${V1}//`,
    host: "evil.example",
    headers: { "X-Forwarded-For": "1.2.3.4", "Metadata-Flavor": "Other" },
  };
  await check(t, [
    {
      name: "target before path",
      sent: { ...worst, url: "http://other.example//" },
      expected: "400 bad-target",
    },
    { name: "path before method", sent: worst, expected: "404 bad-path" },
    {
      name: "method before Host",
      sent: { ...worst, target: "/" },
      expected: "405 bad-method",
    },
    {
      name: "Host before X-Forwarded-For",
      sent: { ...worst, target: "/", method: "GET" },
      expected: "403 foreign-host",
    },
    {
      name: "X-Forwarded-For before flavor",
      sent: { ...worst, target: TOKEN, method: "GET", host: HOST },
      expected: "403 forwarded",
    },
  ]);
});

Deno.test("gate() tells the client what the metadata server would", () => {
  assert.deepEqual(gateSent({ headers: { "Metadata-Flavor": "google" } }), {
    outcome: "refuse",
    status: 403,
    reason: "no-flavor",
    message: 'Missing required header "Metadata-Flavor": "Google"',
  });
});

Deno.test("receive() cuts the target behind the very Host of the request", async (t) => {
  const cases = [
    { name: "plain", host: "a", url: "http://a/x", target: "/x" },
    { name: "root", host: "a", url: "http://a/", target: "/" },
    { name: "port", host: "a:80", url: "http://a:80/x?y", target: "/x?y" },
    { name: "two slashes", host: "a", url: "http://a//x", target: "//x" },
    { name: "asterisk", host: "a", url: "http://a/*", target: "/*" },
    {
      name: "absolute target of the same host",
      host: "a",
      url: "http://a/x",
      target: "/x",
    },
    {
      name: "no Host",
      host: undefined,
      url: "http://localhost:8181/x",
      target: "/x",
    },
    { name: "Host with a path", host: "x/../y", url: "http://x/../y/a" },
    { name: "Host with a query", host: "x/../y?z", url: "http://x/../y?z/a" },
    { name: "Host with user", host: "u@a", url: "http://u@a/x" },
    { name: "Host with a space", host: "ev il", url: "http://ev il/x" },
    { name: "Host out of range", host: "h:999999", url: "http://h:999999/x" },
    { name: "empty Host", host: "", url: "http:///x" },
    { name: "absolute target", host: "a", url: "http://evil.example/x" },
    { name: "absolute target, Host as prefix", host: "a", url: "http://ab/x" },
    { name: "absolute target, Host as user", host: "a", url: "http://a@b/x" },
    { name: "absolute target with port", host: "a", url: "http://a:80/x" },
    { name: "absolute target of https", host: "a", url: "https://a/x" },
    { name: "authority", host: "a", url: "http://a" },
    { name: "authority of another", host: "a", url: "http://x:443" },
    {
      name: "no Host, a foreign authority",
      host: undefined,
      url: "http://a/x",
    },
    {
      name: "no Host, localhost as user",
      host: undefined,
      url: "http://localhost:80@evil/x",
    },
    {
      name: "no Host, localhost without port",
      host: undefined,
      url: "http://localhost/x",
    },
    {
      name: "no Host, localhost in the query",
      host: undefined,
      url: "http://evil/?http://localhost:80/",
    },
  ];
  for (const { name, host, url, target } of cases) {
    await t.step(name, () => {
      const headers = new Headers(host === undefined ? [] : [["host", host]]);
      assert.equal(receive({ method: "GET", url, headers }).target, target);
    });
  }
});

Deno.test("gate() admits a path only as a suffix of the URL, behind a whole Host", () => {
  const char = fc.constantFrom(..."ax/.:?#@%[]*\\ 1");
  const text = fc.string({ unit: char, maxLength: 8 });
  fc.assert(
    fc.property(text, text, (host, tail) => {
      const url = `http://${host}/${tail}`;
      const fields = new Map([["host", host], ["metadata-flavor", "Google"]]);
      const headers = {
        get: (name: string): string | null => fields.get(name) ?? null,
        forEach: fields.forEach.bind(fields),
      };
      const gated = gate(receive({ method: "GET", url, headers }), [host]);
      if (gated.outcome === "refuse") return;
      assert.match(host, /^[^/?#@\\\s]+$/);
      assert.equal(gated.path, new URL(`http://a/${tail}`).pathname);
      assert.equal(gated.path, `/${tail}`.split("?")[0]);
    }),
    { numRuns: 2_000, examples: [["x/../y?z", "a"], ["x", "a/../b"]] },
  );
});

/** Sends bytes to a real server and tells what the gate made of them; nothing if the parser refused. */
async function sendBytes(lines: readonly string[]): Promise<string> {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      const gated = gate(receive(request));
      return new Response(
        gated.outcome === "admit" ? gated.path : outcome(gated),
      );
    },
  );
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.addr.port,
  });
  const head = [...lines, "Connection: close", "", ""].join("\r\n");
  await connection.write(new TextEncoder().encode(head));
  const answer = await new Response(connection.readable).text();
  const [, body = ""] = answer.split("\r\n\r\n");
  return body;
}

Deno.test("gate() judges the bytes that a real server received", async (t) => {
  const host = `Host: ${HOST}`;
  const flavor = "Metadata-Flavor: Google";
  const cases = [
    {
      name: "plain",
      lines: [`GET ${TOKEN} HTTP/1.1`, host, flavor],
      body: TOKEN,
    },
    {
      name: "Host in its own case",
      lines: ["GET /a HTTP/1.1", "Host: Metadata.Google.Internal.:80", flavor],
      body: "/a",
    },
    {
      name: "HTTP/1.0 without Host",
      lines: ["GET / HTTP/1.0"],
      body: "/",
    },
    {
      name: "Host that rewrites the path",
      lines: ["GET /a HTTP/1.1", "Host: x/../y?z", flavor],
      body: "400 bad-target",
    },
    {
      name: "Host that rewrites the path to a token",
      lines: ["GET / HTTP/1.1", `Host: metadata${TOKEN}?`],
      body: "400 bad-target",
    },
    {
      name: "Host with a space",
      lines: ["GET /a HTTP/1.1", "Host: ev il", flavor],
      body: "400 bad-target",
    },
    {
      name: "absolute target of another host",
      lines: ["GET http://evil.example/a HTTP/1.1", host, flavor],
      body: "400 bad-target",
    },
    {
      name: "absolute target over https",
      lines: ["GET https://evil.example/ HTTP/1.1", host],
      body: "400 bad-target",
    },
    {
      name: "absolute target of the same host without flavor",
      lines: [`GET http://${HOST}${TOKEN} HTTP/1.1`, host],
      body: "403 no-flavor",
    },
    {
      name: "absolute target with user",
      lines: [`GET http://u:p@${HOST}/a HTTP/1.1`, host, flavor],
      body: "400 bad-target",
    },
    {
      name: "dot segments",
      lines: ["GET /a/../b HTTP/1.1", host, flavor],
      body: "404 bad-path",
    },
    {
      name: "two slashes",
      lines: ["GET //a HTTP/1.1", host, flavor],
      body: "404 bad-path",
    },
    {
      name: "fragment",
      lines: ["GET /a#b HTTP/1.1", host, flavor],
      body: "404 bad-path",
    },
    {
      name: "backslash",
      lines: ["GET /a\\b HTTP/1.1", host, flavor],
      body: "404 bad-path",
    },
    {
      name: "raw UTF-8",
      lines: ["GET /\u00e9 HTTP/1.1", host, flavor],
      body: "404 bad-path",
    },
    {
      name: "lower-case method",
      lines: [`get ${TOKEN} HTTP/1.1`, host, flavor],
      body: "400 bad-method",
    },
    {
      name: "TRACE",
      lines: [`TRACE ${TOKEN} HTTP/1.1`, host, flavor],
      body: "405 bad-method",
    },
    {
      name: "asterisk",
      lines: ["OPTIONS * HTTP/1.1", host, flavor],
      body: "405 bad-method",
    },
    {
      name: "CONNECT",
      lines: ["CONNECT 169.254.169.254:80 HTTP/1.1", host, flavor],
      body: "400 bad-target",
    },
    {
      name: "flavor twice",
      lines: [`GET ${TOKEN} HTTP/1.1`, host, flavor, flavor],
      body: "403 no-flavor",
    },
    {
      name: "empty X-Forwarded-For",
      lines: ["GET / HTTP/1.1", host, "X-Forwarded-For:"],
      body: "403 forwarded",
    },
  ];
  for (const { name, lines, body } of cases) {
    await t.step(name, async () => assert.equal(await sendBytes(lines), body));
  }
});
