import assert from "node:assert/strict";
import { decodeJwt, importJWK, jwtVerify } from "jose";
import { SECRET_MARKER } from "../../../src/sandbox/metadata/defaults.ts";
import {
  type MetadataServer,
  type MetadataServerOptions,
  startMetadataServer,
} from "../../../src/sandbox/metadata/server.ts";
import { sharedSigningKey } from "../shared_signing_key.ts";
import { ManualTime } from "../manual_time.ts";
import { type RawAnswer, sendRaw } from "../raw_http.ts";

const flavor = "Metadata-Flavor: Google";
const v1 = "/computeMetadata/v1";
const accounts = `${v1}/instance/service-accounts`;
const email = "gke-node@demo-proj.iam.gserviceaccount.com";
const signingKey = await sharedSigningKey();

function start(
  time: ManualTime,
  options: Partial<MetadataServerOptions> = {},
): Promise<MetadataServer> {
  return startMetadataServer({
    now: time.now,
    sleep: time.sleep,
    signingKey,
    ...options,
  });
}

function get(server: MetadataServer, target: string): Promise<RawAnswer> {
  return sendRaw(server.address, { target, headers: [flavor] });
}

Deno.test("startMetadataServer() sends the header block on values, listings, redirects and errors", async (t) => {
  await using server = await start(new ManualTime());
  const cases = [
    { name: "root", target: "/", status: 200, type: "application/text" },
    {
      name: "value",
      target: `${v1}/project/project-id`,
      status: 200,
      type: "application/text",
    },
    {
      name: "json",
      target: `${accounts}/default/token`,
      status: 200,
      type: "application/json",
    },
    {
      name: "redirect",
      target: `${v1}/instance`,
      status: 301,
      type: "text/html",
    },
    {
      name: "missing",
      target: `${v1}/nothing`,
      status: 404,
      type: "text/html; charset=UTF-8",
    },
  ];
  for (const { name, target, status, type } of cases) {
    await t.step(name, async () => {
      const answer = await get(server, target);
      assert.equal(answer.status, status);
      assert.equal(
        answer.lines.filter((line) => line === "Metadata-Flavor: Google")
          .length,
        1,
      );
      assert.equal(answer.header("Content-Type"), type);
      assert.equal(answer.header("Server"), "Metadata Server for VM");
      assert.equal(answer.header("X-XSS-Protection"), "0");
      assert.equal(answer.header("X-Frame-Options"), "SAMEORIGIN");
      assert.equal(answer.header("Transfer-Encoding"), undefined);
      assert.equal(answer.header("Content-Length"), String(answer.body.length));
    });
  }
});

Deno.test("startMetadataServer() refuses by form, and only what the real server refuses", async (t) => {
  await using server = await start(new ManualTime());
  const value = `${v1}/project/project-id`;
  const cases = [
    { name: "root without header", target: "/", headers: [], status: 200 },
    {
      name: "root with another flavor",
      target: "/",
      headers: ["Metadata-Flavor: X"],
      status: 200,
    },
    { name: "value without header", target: value, headers: [], status: 403 },
    {
      name: "value with another flavor",
      target: value,
      headers: ["Metadata-Flavor: google"],
      status: 403,
    },
    {
      name: "deprecated header",
      target: value,
      headers: ["X-Google-Metadata-Request: True"],
      status: 200,
    },
    {
      name: "forwarded",
      target: value,
      headers: [flavor, "X-Forwarded-For: 1.2.3.4"],
      status: 403,
    },
    {
      name: "forwarded, lower case",
      target: value,
      headers: [flavor, "x-forwarded-for: a"],
      status: 403,
    },
    {
      name: "forwarded, root",
      target: "/",
      headers: ["X-Forwarded-For: 1.2.3.4"],
      status: 403,
    },
    {
      name: "percent",
      target: `${v1}/project/project%2Did`,
      headers: [flavor],
      status: 404,
    },
    {
      name: "percent in the query",
      target: `${value}?x=%41`,
      headers: [flavor],
      status: 200,
    },
    {
      name: "doubled slash",
      target: `${v1}//project/project-id`,
      headers: [flavor],
      status: 200,
    },
    {
      name: "dot segment",
      target: `${v1}/project/../project/project-id`,
      headers: [flavor],
      status: 404,
    },
    {
      name: "prototype key",
      target: `${v1}/project/constructor`,
      headers: [flavor],
      status: 404,
    },
    {
      name: "slash on a value",
      target: `${value}/`,
      headers: [flavor],
      status: 404,
    },
    {
      name: "absolute form",
      target: `http://x${value}`,
      headers: [flavor],
      status: 400,
    },
  ];
  for (const { name, target, headers, status } of cases) {
    await t.step(name, async () => {
      const answer = await sendRaw(server.address, { target, headers });
      assert.equal(answer.status, status);
      if (status === 403) assert.match(answer.body, /^<!DOCTYPE html>/);
    });
  }
});

Deno.test("startMetadataServer() lists directories, leaves and lines as text", async (t) => {
  await using server = await start(new ManualTime());
  const cases = [
    { target: "/", body: "0.1/\ncomputeMetadata/\n" },
    { target: "/computeMetadata/", body: "v1/\nv1beta1/\n" },
    { target: `${v1}/`, body: "instance/\noslogin/\nproject/\nuniverse/\n" },
    {
      target: `${v1}/project/`,
      body: "attributes/\nnumeric-project-id\nproject-id\n",
    },
    { target: `${v1}/project/numeric-project-id`, body: "123456789012" },
    { target: `${v1}/instance/id`, body: "4520031799277581759" },
    {
      target: `${v1}/instance/zone`,
      body: "projects/123456789012/zones/europe-west1-b",
    },
    { target: `${v1}/instance/network-interfaces/`, body: "0/\n" },
    { target: `${v1}/instance/network-interfaces/0/mtu`, body: "1460" },
    { target: `${v1}/instance/network-interfaces/0/ip-aliases/`, body: "" },
    {
      target: `${v1}/instance/tags`,
      body: '["gke-sandbox-node","http-server"]',
    },
    {
      target: `${v1}/instance/tags?alt=text`,
      body: "gke-sandbox-node\nhttp-server\n",
    },
    { target: `${v1}/universe/universe-domain`, body: "googleapis.com" },
    { target: `${accounts}/`, body: `default/\n${email}/\n` },
    {
      target: `${accounts}/default/`,
      body: "aliases\nemail\nidentity\nscopes\ntoken\n",
    },
    { target: `${accounts}/default/aliases`, body: "default\n" },
    { target: `${accounts}/${email}/email`, body: email },
  ];
  for (const { target, body } of cases) {
    await t.step(target, async () => {
      const answer = await get(server, target);
      assert.equal(answer.status, 200);
      assert.equal(answer.body, body);
    });
  }
});

Deno.test("startMetadataServer() redirects a directory without its slash to the host that was named", async () => {
  await using server = await start(new ManualTime());
  const answer = await get(server, `${v1}/instance?recursive=true`);
  assert.equal(answer.status, 301);
  assert.equal(
    answer.header("Location"),
    "http://metadata.google.internal/computeMetadata/v1/instance/?recursive=true",
  );
  assert.equal(answer.body, "/computeMetadata/v1/instance/");
});

Deno.test("startMetadataServer() understands recursive and alt", async (t) => {
  await using server = await start(new ManualTime());
  const json = "application/json";
  const text = "application/text";
  const project = `${v1}/project/`;
  const scheduling = `${v1}/instance/scheduling/`;
  const whole =
    '{"automaticRestart":"TRUE","onHostMaintenance":"MIGRATE","preemptible":"FALSE"}';
  const cases = [
    { target: `${scheduling}?recursive=true`, type: json, body: whole },
    { target: `${scheduling}?recursive=True`, type: json, body: whole },
    { target: `${scheduling}?recursive=ON`, type: json, body: whole },
    { target: `${scheduling}?recursive=yes`, type: json, body: whole },
    { target: `${scheduling}?recursive=1`, type: json, body: whole },
    {
      target: `${scheduling}?recursive=true&alt=text`,
      type: text,
      body:
        "automatic-restart TRUE\non-host-maintenance MIGRATE\npreemptible FALSE\n",
    },
    { target: `${v1}/instance/disks/?recursive=xyz`, type: text, body: "0/\n" },
    {
      target: `${v1}/instance/disks/?recursive=true`,
      type: json,
      body: '[{"deviceName":"persistent-disk-0","index":0,"interface":"SCSI",' +
        '"mode":"READ_WRITE","type":"PERSISTENT-BALANCED"}]',
    },
    {
      target: `${v1}/instance/id?alt=json`,
      type: json,
      body: "4520031799277581759",
    },
    {
      target: `${v1}/instance/zone?alt=json`,
      type: json,
      body: '"projects/123456789012/zones/europe-west1-b"',
    },
    {
      target: `${v1}/instance/id?recursive=true`,
      type: text,
      body: "4520031799277581759",
    },
    {
      target: `${accounts}/default/aliases?alt=json`,
      type: json,
      body: '["default"]',
    },
    {
      target: `${accounts}/default/?recursive=true`,
      type: json,
      body: `{"aliases":["default"],"email":"${email}","scopes":[` +
        '"https://www.googleapis.com/auth/cloud-platform",' +
        '"https://www.googleapis.com/auth/userinfo.email"]}',
    },
    {
      target: `${project}project-id?foo=1&timeout_sec=5`,
      type: text,
      body: "demo-proj",
    },
  ];
  for (const { target, type, body } of cases) {
    await t.step(target, async () => {
      const answer = await get(server, target);
      assert.equal(answer.status, 200);
      assert.equal(answer.header("Content-Type"), type);
      assert.equal(answer.body, body);
    });
  }
  await t.step("alt on a plain directory is 400", async () => {
    assert.equal((await get(server, `${project}?alt=json`)).status, 400);
    assert.equal((await get(server, `${project}?alt=text`)).status, 400);
  });
  await t.step(
    "the whole tree keeps digits, data keys and secrets, without tokens",
    async () => {
      const { body } = await get(server, `${v1}/?recursive=true`);
      assert.match(body, /"id":4520031799277581759,/);
      assert.match(body, /"numericProjectId":123456789012/);
      assert.match(body, /"attributes":\{"cluster-location":"europe-west1"/);
      assert.match(body, /"serviceAccounts":\{"default":/);
      assert.match(body, new RegExp(`${SECRET_MARKER}-kubelet-key`));
      assert.doesNotMatch(body, /token|identity/);
      assert.doesNotThrow(() => JSON.parse(body));
    },
  );
});

Deno.test("startMetadataServer() tags values by content, alike for text and JSON, not for recursion", async () => {
  await using server = await start(new ManualTime());
  const tag = async (target: string): Promise<string | undefined> =>
    (await get(server, target)).header("ETag");
  const value = `${v1}/instance/zone`;
  const first = await tag(value);
  assert.match(first ?? "", /^[0-9a-f]{16}$/);
  assert.equal(await tag(`${value}?alt=json`), first);
  assert.notEqual(
    await tag(`${v1}/project/`),
    await tag(`${v1}/project/?recursive=true`),
  );
  const empty = `${v1}/instance/network-interfaces/0/ip-aliases/`;
  assert.notEqual(await tag(empty), await tag(`${empty}?recursive=true`));
  server.set("instance/zone", "projects/1/zones/x");
  assert.notEqual(await tag(value), first);
  server.set("instance/zone", "projects/123456789012/zones/europe-west1-b");
  assert.equal(await tag(value), first);
  assert.equal(await tag(`${accounts}/default/token`), undefined);
});

Deno.test("startMetadataServer() answers HEAD like GET without the body", async () => {
  await using server = await start(new ManualTime());
  const answer = await sendRaw(server.address, { method: "HEAD", target: "/" });
  assert.equal(answer.status, 200);
  assert.equal(answer.header("Content-Length"), "22");
  assert.equal(answer.body, "");
});

Deno.test("startMetadataServer() waits for a change, sees one that is taken back, and 404s a removal", async () => {
  await using server = await start(new ManualTime());
  const value = `${v1}/instance/maintenance-event`;
  const wait = `${value}?wait_for_change=true`;
  const tag = (await get(server, value)).header("ETag") ?? "";

  const changed = get(server, wait);
  await server.waits.reached(1);
  server.set("instance/name", "unrelated");
  server.set("instance/maintenance-event", "MIGRATE_ON_HOST_MAINTENANCE");
  server.set("instance/maintenance-event", "NONE");
  assert.equal((await changed).body, "MIGRATE_ON_HOST_MAINTENANCE");

  const tagged = get(server, `${wait}&last_etag=${tag}`);
  await server.waits.reached(2);
  server.set("instance/maintenance-event", "TERMINATE_ON_HOST_MAINTENANCE");
  assert.equal((await tagged).body, "TERMINATE_ON_HOST_MAINTENANCE");

  assert.equal((await get(server, `${wait}&last_etag=${tag}`)).status, 200);
  assert.equal((await get(server, `${wait}&last_etag=0`)).status, 200);

  const subtree = get(
    server,
    `${v1}/instance/disks/?recursive=true&wait_for_change=true`,
  );
  await server.waits.reached(5);
  server.set("instance/disks/0/mode", "READ_ONLY");
  assert.match((await subtree).body, /"mode":"READ_ONLY"/);

  const removed = get(server, wait);
  await server.waits.reached(6);
  server.remove("instance/maintenance-event");
  assert.equal((await removed).status, 404);
});

Deno.test("startMetadataServer() ends a wait at timeout_sec, and forgets it when the client leaves", async () => {
  const time = new ManualTime();
  await using server = await start(time);
  const target = `${v1}/instance/name?wait_for_change=true&timeout_sec=5`;
  const answer = get(server, target);
  await time.asleep(1);
  time.advance(4999);
  assert.equal(time.sleeping, 1);
  time.advance(1);
  assert.equal((await answer).body, "sandbox-node");

  const early = get(server, target);
  await time.asleep(1);
  server.set("instance/name", "renamed");
  assert.equal((await early).body, "renamed");
  assert.equal(time.sleeping, 0);

  const leaving = new AbortController();
  const left = fetch(server.url + target, {
    headers: { "Metadata-Flavor": "Google" },
    signal: leaving.signal,
  });
  const rejected = assert.rejects(left);
  await time.asleep(1);
  const woken = time.idle();
  leaving.abort();
  await rejected;
  await woken;
  assert.equal(time.sleeping, 0);
});

Deno.test("startMetadataServer() refuses to wait for a plain directory, a token or an identity", async (t) => {
  await using server = await start(new ManualTime());
  const targets = [
    `${v1}/instance/`,
    `${accounts}/default/token`,
    `${accounts}/default/identity`,
  ];
  for (const target of targets) {
    await t.step(target, async () => {
      assert.equal(
        (await get(server, `${target}?wait_for_change=true`)).status,
        400,
      );
    });
  }
});

Deno.test("startMetadataServer() mints a token, caches it until four minutes before its end", async () => {
  const time = new ManualTime();
  await using server = await start(time);
  const take = async (query = ""): Promise<Record<string, unknown>> =>
    JSON.parse((await get(server, `${accounts}/default/token${query}`)).body);
  const first = await take();
  assert.deepEqual(Object.keys(first), [
    "access_token",
    "expires_in",
    "token_type",
  ]);
  assert.equal(first["expires_in"], 3600);
  assert.equal(first["token_type"], "Bearer");
  time.advance(3_360_000);
  assert.deepEqual(await take("?recursive=true&alt=json"), {
    ...first,
    expires_in: 240,
  });
  time.advance(1000);
  const second = await take();
  assert.notEqual(second["access_token"], first["access_token"]);
  assert.equal(second["expires_in"], 3600);
  assert.deepEqual(server.tokens, [
    first["access_token"],
    second["access_token"],
  ]);
  assert.deepEqual(server.accountOf(String(second["access_token"])), {
    account: email,
    scopes: [
      "https://www.googleapis.com/auth/cloud-platform",
      "https://www.googleapis.com/auth/userinfo.email",
    ],
    expiresAtMs: time.now() + 3_600_000,
  });
  assert.equal(server.accountOf("ya29.c.node-unknown"), undefined);
});

Deno.test("startMetadataServer() answers token variants", async () => {
  await using server = await start(new ManualTime());
  const token = `${accounts}/${email}/token`;
  const text = await get(server, `${token}?alt=text`);
  assert.equal(text.header("Content-Type"), "application/text");
  assert.match(
    text.body,
    /^access_token ya29\.\S+\nexpires_in 3600\ntoken_type Bearer\n$/,
  );
  assert.equal((await get(server, `${token}/`)).status, 404);
  assert.equal(
    (await get(server, `${token}?enforce_scopes=false`)).status,
    400,
  );
  const scope = "https://www.googleapis.com/auth/devstorage.read_only";
  const narrow = JSON.parse(
    (await get(server, `${token}?scopes=${scope}&enforce_scopes=true`)).body,
  );
  assert.deepEqual(server.accountOf(narrow["access_token"])?.scopes, [scope]);
  const ignored = JSON.parse(
    (await get(server, `${token}?scopes=${scope}`)).body,
  );
  assert.equal(server.accountOf(ignored["access_token"])?.scopes.length, 2);
});

Deno.test("startMetadataServer() signs identity tokens", async () => {
  const time = new ManualTime();
  await using server = await start(time);
  const identity = `${accounts}/default/identity`;
  for (const query of ["", "?audience=", "?audience=x&format=bogus"]) {
    const refused = await get(server, identity + query);
    assert.equal(refused.status, 400);
    assert.equal(refused.header("Content-Type"), "text/html");
  }
  const answer = await get(
    server,
    `${identity}?audience=https%3A%2F%2Fa.example&format=full`,
  );
  assert.equal(answer.header("Content-Type"), "text/html");
  const { payload, protectedHeader } = await jwtVerify(
    answer.body,
    await importJWK({ ...server.publicJwk }),
    { currentDate: new Date(time.now()), audience: "https://a.example" },
  );
  assert.equal(protectedHeader.alg, "RS256");
  assert.equal(protectedHeader.kid, server.publicJwk.kid);
  assert.equal(payload.iss, "https://accounts.google.com");
  assert.match(payload.sub ?? "", /^\d{21}$/);
  assert.equal(payload["azp"], payload.sub);
  assert.equal(payload.exp, Math.floor(time.now() / 1000) + 3600);
  assert.equal(payload["email"], email);
  assert.match(
    JSON.stringify(payload["google"]),
    /"instance_id":"4520031799277581759"/,
  );
  const standard = await get(server, `${identity}?audience=x`);
  assert.equal(decodeJwt(standard.body)["email"], undefined);
  assert.ok(server.secrets.includes(answer.body));
});

Deno.test("startMetadataServer() without an account lists none and explains the 404", async () => {
  await using server = await start(new ManualTime(), { account: "none" });
  assert.equal((await get(server, `${accounts}/`)).body, "");
  assert.equal((await get(server, `${accounts}/?recursive=true`)).body, "{}");
  const answer = await get(server, `${accounts}/default/token`);
  assert.equal(answer.status, 404);
  assert.equal(answer.header("Content-Type"), "application/json");
  assert.equal(JSON.parse(answer.body)["error"], "invalid_request");
  server.setAccount({ email: "other@demo-proj.iam.gserviceaccount.com" });
  assert.equal(
    (await get(server, `${accounts}/default/email`)).body,
    "other@demo-proj.iam.gserviceaccount.com",
  );
});

Deno.test("startMetadataServer() serves the old interfaces without any header, credentials too", async () => {
  await using server = await start(new ManualTime());
  const bare = (target: string): Promise<RawAnswer> =>
    sendRaw(server.address, { target });
  const oldest = JSON.parse(
    (await bare("/0.1/meta-data/service-accounts/default/acquire")).body,
  );
  assert.equal(server.accountOf(oldest["accessToken"])?.account, email);
  const beta = "/computeMetadata/v1beta1/instance";
  const token = JSON.parse(
    (await bare(`${beta}/service-accounts/default/token`)).body,
  );
  assert.equal(token["access_token"], server.tokens[0]);
  assert.match(
    (await bare(`${beta}/attributes/kube-env`)).body,
    new RegExp(SECRET_MARKER),
  );
  assert.equal((await bare("/0.1/meta-data/project-id")).body, "demo-proj");
  assert.equal(
    (await bare("/0.1/meta-data/")).body,
    "attributes/\nhostname\ninstance-id\nmachine-type\nnumeric-project-id\nproject-id\n" +
      "service-accounts/\nzone\n",
  );
});

Deno.test("startMetadataServer() with disabled old interfaces refuses them with and without the header", async () => {
  await using server = await start(new ManualTime(), { legacy: "disabled" });
  for (const headers of [[], [flavor]]) {
    for (
      const target of [
        "/0.1/meta-data/project-id",
        "/computeMetadata/v1beta1/instance/id",
      ]
    ) {
      const answer = await sendRaw(server.address, { target, headers });
      assert.equal(answer.status, 403);
      assert.match(answer.body, /\/v1\//);
    }
  }
  assert.equal((await get(server, "/")).body, "computeMetadata/\n");
});

Deno.test("startMetadataServer() takes facts, values and absences from its options", async () => {
  await using server = await start(new ManualTime(), {
    facts: { projectId: "p", projectNumber: "7", clusterName: "c1" },
    values: {
      "instance/attributes/extra": "x",
      "instance/id": 18446744073709551615n,
    },
    absent: ["instance/attributes/cluster-uid", "universe"],
    account: { scopes: ["s"], tokenLifetimeSeconds: 60 },
  });
  assert.equal((await get(server, `${v1}/project/project-id`)).body, "p");
  assert.equal(
    (await get(server, `${v1}/instance/zone`)).body,
    "projects/7/zones/europe-west1-b",
  );
  assert.equal(
    (await get(server, `${v1}/instance/attributes/cluster-name`)).body,
    "c1",
  );
  assert.equal(
    (await get(server, `${v1}/instance/attributes/extra`)).body,
    "x",
  );
  assert.equal(
    (await get(server, `${v1}/instance/id`)).body,
    "18446744073709551615",
  );
  assert.equal(
    (await get(server, `${v1}/instance/attributes/cluster-uid`)).status,
    404,
  );
  assert.equal(
    (await get(server, `${v1}/universe/universe-domain`)).status,
    404,
  );
  assert.equal((await get(server, `${accounts}/default/scopes`)).body, "s\n");
  assert.equal(
    JSON.parse(
      (await get(server, `${accounts}/default/token`)).body,
    )["expires_in"],
    60,
  );
});

Deno.test("startMetadataServer() lets any process write guest attributes and nothing else", async () => {
  await using server = await start(new ManualTime());
  const path = `${v1}/instance/guest-attributes/ns/key`;
  const write = (method: string, target: string): Promise<RawAnswer> =>
    sendRaw(server.address, {
      method,
      target,
      headers: [flavor],
      body: "value",
    });
  assert.equal((await write("PUT", path)).status, 200);
  assert.equal((await get(server, path)).body, "value");
  assert.equal((await write("DELETE", path)).status, 200);
  assert.equal((await get(server, path)).status, 404);
  assert.equal((await write("PUT", `${v1}/instance/name`)).status, 405);
  assert.equal((await write("PUT", `${path}%21`)).status, 404);
  assert.equal((await write("POST", path)).status, 405);
  server.remove("instance/guest-attributes");
  assert.equal((await write("PUT", path)).status, 403);
});

Deno.test("secrets names every concealed value, escaped or not, and every token minted", async () => {
  await using server = await start(new ManualTime());
  await get(server, `${accounts}/default/token`);
  const { body } = await get(server, `${v1}/?recursive=true`);
  const secrets = server.secrets;
  assert.ok(secrets.includes(server.tokens[0] ?? ""));
  for (
    const name of [
      "kubelet-key",
      "instance-ssh-key",
      "project-ssh-key",
      "startup-script",
      "guest-attribute",
      "platform-security",
      "oslogin-user",
    ]
  ) {
    const secret = `${SECRET_MARKER}-${name}`;
    assert.ok(secrets.includes(secret), secret);
    assert.ok(body.includes(secret), secret);
  }
  for (const open of ["sandbox", "demo-proj", "europe-west1", email]) {
    assert.ok(!secrets.some((secret) => open.includes(secret)), open);
  }
});

Deno.test("requests records method, raw target and headers as sent", async () => {
  await using server = await start(new ManualTime());
  await sendRaw(server.address, {
    method: "PROPFIND",
    target: "//computeMetadata/./%2e?a#b",
    headers: ["x-ODD: 1", "X-Odd: 2"],
  });
  const [request] = server.requests.entries;
  assert.equal(request?.method, "PROPFIND");
  assert.equal(request?.target, "//computeMetadata/./%2e?a#b");
  assert.deepEqual(request?.headers.slice(2), [["x-ODD", "1"], ["X-Odd", "2"]]);
});

Deno.test("faults fail the next requests, cut, reset, delay and hold them", async (t) => {
  const time = new ManualTime();
  await using server = await start(time);
  const value = `${v1}/project/project-id`;
  await t.step("status", async () => {
    server.faults.add({ kind: "status", status: 503 }, { times: 2 });
    assert.equal((await get(server, value)).status, 503);
    const failed = await get(server, value);
    assert.equal(failed.status, 503);
    assert.equal(failed.header("Metadata-Flavor"), "Google");
    assert.equal((await get(server, value)).status, 200);
  });
  await t.step("cut", async () => {
    server.faults.add({ kind: "cut" }, { times: 1 });
    const cut = await get(server, value);
    assert.equal(cut.header("Content-Length"), "9");
    assert.equal(cut.body, "demo");
  });
  await t.step("reset", async () => {
    server.faults.add({ kind: "reset" }, {
      times: 1,
      where: ({ target }) => target === value,
    });
    assert.equal((await get(server, "/")).status, 200);
    assert.equal((await get(server, value)).status, 0);
  });
  await t.step("delay", async () => {
    server.faults.add({ kind: "delay", ms: 1500 }, { times: 1 });
    const delayed = get(server, value);
    await time.asleep(1);
    time.advance(1500);
    assert.equal((await delayed).status, 200);
  });
  await t.step("hold", async () => {
    const before = server.requests.count();
    const release = server.faults.hold();
    const held = [get(server, value), get(server, value)];
    await server.requests.reached(before + 2);
    release();
    assert.deepEqual((await Promise.all(held)).map(({ status }) => status), [
      200,
      200,
    ]);
  });
});

Deno.test("stop() refuses connections until start() listens on the same port again", async () => {
  await using server = await start(new ManualTime());
  const address = server.address;
  await server.stop();
  await assert.rejects(get(server, "/"), Deno.errors.ConnectionRefused);
  await server.start();
  assert.equal(server.address, address);
  assert.equal((await get(server, "/")).status, 200);
});

Deno.test("stop() ends held requests, waits and idle connections at once", async () => {
  const time = new ManualTime();
  const server = await start(time);
  const cut = (target: string): Promise<RawAnswer> => get(server, target);
  const waiting = cut(
    `${v1}/instance/name?wait_for_change=true&timeout_sec=60`,
  );
  await time.asleep(1);
  server.faults.hold();
  const held = cut("/");
  await server.requests.reached(2);
  await server[Symbol.asyncDispose]();
  assert.equal((await waiting).status, 0);
  assert.equal((await held).status, 0);
  assert.equal(time.sleeping, 0);
});

Deno.test("stop() ends a request whose body never arrives", async () => {
  const server = await start(new ManualTime());
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(server.address.split(":")[1]),
  });
  const head =
    `PUT ${v1}/instance/name HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n`;
  await connection.write(
    new TextEncoder().encode(`${head}Expect: 100-continue\r\n\r\n`),
  );
  assert.ok(await connection.read(new Uint8Array(64)));
  await server[Symbol.asyncDispose]();
  assert.equal(server.requests.count(), 0);
});

Deno.test("startMetadataServer() rejects when its port is taken", async () => {
  await using server = await start(new ManualTime());
  const port = Number(server.address.split(":")[1]);
  await assert.rejects(start(new ManualTime(), { port }), /EADDRINUSE/);
});
