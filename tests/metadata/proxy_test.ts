import assert from "node:assert/strict";
import type { Fault } from "../../src/sandbox/fault_plan.ts";
import type { Answer } from "../../src/sandbox/loopback_server.ts";
import { startScriptedServer } from "../google/scripted_server.ts";
import { connectUpstream } from "../google/upstream.ts";
import { SA, startPodSide, V1 } from "./pod_side.ts";
import { FLAVOR, HOST } from "./raw_client.ts";

const MACHINE_TYPE = `${V1}/instance/machine-type`;

Deno.test("proxy() passes on body, content type and entity tag of a value", async (t) => {
  await using side = await startPodSide();
  const { metadata } = side.google;
  const cases = [
    {
      target: MACHINE_TYPE,
      type: "application/text",
      body: "projects/123456789012/machineTypes/e2-standard-4",
    },
    {
      target: `${MACHINE_TYPE}?alt=json`,
      type: "application/json",
      body: '"projects/123456789012/machineTypes/e2-standard-4"',
    },
    {
      target: `${MACHINE_TYPE}?recursive=true`,
      type: "application/text",
      body: "projects/123456789012/machineTypes/e2-standard-4",
    },
    {
      target: `${V1}/instance/id`,
      type: "application/text",
      body: "4520031799277581759",
    },
    {
      target: `${V1}/instance/id?alt=json`,
      type: "application/json",
      body: "4520031799277581759",
    },
    {
      target: `${V1}/project/numeric-project-id`,
      type: "application/text",
      body: "123456789012",
    },
    {
      target: `${V1}/instance/attributes/cluster-name`,
      type: "application/text",
      body: "sandbox",
    },
  ];
  for (const { target, type, body } of cases) {
    await t.step(target, async () => {
      const answer = await side.get(target);
      assert.equal(answer.status, 200);
      assert.equal(answer.header("Content-Type"), type);
      assert.equal(answer.body, body);
      assert.equal(
        answer.header("ETag"),
        (await side.get(target)).header("ETag"),
      );
      assert.match(answer.header("ETag") ?? "", /^[0-9a-f]{16}$/);
    });
  }
  metadata.set("instance/machine-type", "größer");
  assert.equal((await side.get(MACHINE_TYPE)).body, "größer");
});

Deno.test("proxy() sends the real server nothing of the client's request but path and known parameters", async (t) => {
  await using side = await startPodSide();
  const { metadata } = side.google;
  const cases = [
    { name: "plain", query: "", sent: "" },
    {
      name: "filtered",
      query: "?alt=json&foo=1&timeout_sec=5&recursive=true&audience=x",
      sent: "?alt=json&timeout_sec=5",
    },
    {
      name: "encoded anew",
      query: "?last_etag=a%26recursive%3Dtrue%0d%0aX:1",
      sent: "?last_etag=a%26recursive%3Dtrue%0D%0AX%3A1",
    },
  ];
  for (const { name, query, sent } of cases) {
    await t.step(name, async () => {
      metadata.requests.clear();
      const answer = await side.send({
        method: name === "plain" ? "HEAD" : "GET",
        target: MACHINE_TYPE + query,
        headers: [
          HOST,
          FLAVOR,
          "Cookie: a=b",
          "Authorization: Bearer x",
          "User-Agent: pod",
          "X-Real-IP: 1.2.3.4",
          "Accept-Encoding: gzip",
        ],
      });
      assert.equal(answer.status, 200);
      const [request, ...more] = metadata.requests.entries;
      assert.equal(more.length, 0);
      assert.equal(request?.method, "GET");
      assert.equal(request?.target, MACHINE_TYPE + sent);
      assert.deepEqual(
        request?.headers.filter(([field]) => field !== "Connection"),
        [["Host", metadata.address], ["Metadata-Flavor", "Google"]],
      );
    });
  }
});

Deno.test("proxy() makes the real server's redirect anew", async (t) => {
  await using side = await startPodSide();
  const cases = [
    { target: `${V1}/project`, location: `${V1}/project/` },
    {
      target: `${V1}/instance/attributes?recursive=true&x=1`,
      location: `${V1}/instance/attributes/?recursive=true`,
    },
    {
      target: `${V1}/instance/disks/0`,
      location: `${V1}/instance/disks/0/`,
    },
  ];
  for (const { target, location } of cases) {
    await t.step(target, async () => {
      const answer = await side.get(target);
      assert.equal(answer.status, 301);
      assert.equal(answer.header("Location"), location);
      assert.ok(!answer.body.includes("127.0.0.1"));
      assert.equal((await side.get(location)).status, 200);
    });
  }
});

Deno.test("proxy() lists a directory without what is concealed", async (t) => {
  const cases = [
    {
      name: "attributes",
      expose: "standard",
      target: `${V1}/instance/attributes/`,
      body: "cluster-location\ncluster-name\ncluster-uid\n",
    },
    {
      name: "project",
      expose: "standard",
      target: `${V1}/project/`,
      body: "numeric-project-id\nproject-id\n",
    },
    {
      name: "instance as on GKE",
      expose: "gke",
      target: `${V1}/instance/`,
      body: "attributes/\nhostname\nid\nservice-accounts/\nzone\n",
    },
    {
      name: "disks",
      expose: "standard",
      target: `${V1}/instance/disks/`,
      body: "0/\n",
    },
  ] as const;
  for (const { name, expose, target, body } of cases) {
    await t.step(name, async () => {
      await using side = await startPodSide({ exposure: { expose } });
      const answer = await side.get(target);
      assert.equal(answer.status, 200);
      assert.equal(answer.header("Content-Type"), "application/text");
      assert.equal(answer.body, body);
      assert.equal((await side.get(`${target}?alt=json`)).status, 400);
    });
  }
  await t.step("instance", async () => {
    await using side = await startPodSide();
    const { body } = await side.get(`${V1}/instance/`);
    const names = body.split("\n");
    assert.ok(names.includes("service-accounts/"));
    assert.ok(names.includes("machine-type"));
    for (
      const name of ["guest-attributes/", "licenses/", "platform-security/"]
    ) {
      assert.ok(!names.includes(name), name);
    }
    assert.equal(names.at(-1), "");
  });
});

Deno.test("proxy() filters the recursive answer of a directory by what the operator allows and denies", async () => {
  await using side = await startPodSide({
    exposure: {
      allow: ["instance/attributes/startup-script"],
      deny: ["instance/attributes/cluster-name", "project/project-id"],
    },
  });
  const attributes = JSON.parse(
    (await side.get(`${V1}/instance/attributes/?recursive=true`)).body,
  );
  assert.deepEqual(Object.keys(attributes), [
    "cluster-location",
    "cluster-uid",
    "startup-script",
  ]);
  assert.equal(
    (await side.get(`${V1}/project/?recursive=true`)).body,
    '{"numericProjectId":123456789012}',
  );
  assert.equal((await side.get(`${V1}/project/project-id`)).status, 404);
  const text = await side.get(`${V1}/project/?recursive=true&alt=text`);
  assert.equal(text.body, "numeric-project-id 123456789012\n");
});

Deno.test("proxy() never lets a concealed or legacy path reach the real server", async (t) => {
  const concealed = [
    "/0.1/meta-data/service-accounts/default/acquire",
    "/0.1/meta-data/attributes/kube-env",
    "/computeMetadata/v1beta1/instance/service-accounts/default/token",
    "/computeMetadata/v1beta1/instance/attributes/kube-env",
    "/latest/meta-data/",
    "/computeMetadata/v2/",
    `${V1}/oslogin/users`,
    `${V1}/oslogin/?recursive=true`,
    `${V1}/instance/attributes/kube-env`,
    `${V1}/instance/attributes/kube-env?recursive=true`,
    `${V1}/instance/attributes/kube-env?alt=json`,
    `${V1}/instance/attributes/kube-env/`,
    `${V1}/instance/attributes/ssh-keys`,
    `${V1}/instance/attributes/configure-sh`,
    `${V1}/instance/attributes/startup-script`,
    `${V1}/instance/guest-attributes/`,
    `${V1}/instance/guest-attributes/?recursive=true`,
    `${V1}/instance/guest-attributes/sandbox/secret`,
    `${V1}/instance/licenses/0/id`,
    `${V1}/instance/platform-security/auto-mtls-configuration`,
    `${V1}/project/attributes/`,
    `${V1}/project/attributes/?recursive=true`,
    `${V1}/project/attributes/ssh-keys`,
    `${SA}/gke-node@demo-proj.iam.gserviceaccount.com/token`,
    `${SA}/gke-node@demo-proj.iam.gserviceaccount.com/?recursive=true`,
    `${SA}/default/token/`,
    `${V1}/instance//service-accounts/default/token`,
    `${V1}/instance/service-accounts//default/token`,
    `${V1}/instance/x/../service-accounts/default/token`,
    `${V1}/instance%2Fservice-accounts/default/token`,
    `${V1}/Instance/attributes/kube-env`,
    `${V1}/instance/attributes/%6bube-env`,
  ];
  for (const expose of ["standard", "gke"] as const) {
    await using side = await startPodSide({ exposure: { expose } });
    for (const target of concealed) {
      await t.step(`${target}, ${expose}`, async () => {
        side.google.metadata.requests.clear();
        const answer = await side.get(target);
        assert.equal(answer.status, 404);
        assert.deepEqual(side.google.metadata.requests.entries, []);
      });
    }
  }
});

Deno.test("proxy() never serves service accounts of the real server, whatever the operator allows", async (t) => {
  await using side = await startPodSide({
    exposure: { expose: "all", allow: ["**", "instance/service-accounts/**"] },
  });
  const targets = [
    `${SA}/`,
    `${SA}/?recursive=true`,
    `${SA}/default/token`,
    `${SA}/default/identity?audience=A`,
    `${SA}/gke-node@demo-proj.iam.gserviceaccount.com/token`,
    `${V1}/instance/?recursive=true`,
    `${V1}/?recursive=true`,
    "/computeMetadata/?recursive=true",
    "/?recursive=true",
  ];
  for (const target of targets) {
    await t.step(target, async () => {
      const { body } = await side.get(target);
      assert.ok(!body.includes("gke-node@"));
      for (const token of side.google.metadata.tokens) {
        assert.ok(!body.includes(token));
      }
    });
  }
});

Deno.test("proxy() keeps the status of a refusal and nothing else of it", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly fault: Fault;
    readonly status: number;
    readonly reason: string;
  }[] = [
    {
      name: "404",
      fault: { kind: "status", status: 404 },
      status: 404,
      reason: "not-found",
    },
    {
      name: "400",
      fault: { kind: "status", status: 400 },
      status: 400,
      reason: "upstream-refused",
    },
    {
      name: "403",
      fault: { kind: "html", status: 403 },
      status: 403,
      reason: "upstream-refused",
    },
    {
      name: "429",
      fault: { kind: "status", status: 429 },
      status: 429,
      reason: "upstream-refused",
    },
    {
      name: "500",
      fault: { kind: "status", status: 500 },
      status: 503,
      reason: "upstream-failed",
    },
    {
      name: "502",
      fault: { kind: "html", status: 502 },
      status: 503,
      reason: "upstream-failed",
    },
    {
      name: "reset",
      fault: { kind: "reset" },
      status: 503,
      reason: "upstream-failed",
    },
    {
      name: "cut body",
      fault: { kind: "cut" },
      status: 503,
      reason: "upstream-failed",
    },
  ];
  const targets = [
    MACHINE_TYPE,
    `${V1}/instance/disks/`,
    `${V1}/instance/network-interfaces/?recursive=true`,
  ];
  for (const { name, fault, status, reason } of cases) {
    await t.step(name, async () => {
      await using side = await startPodSide();
      side.google.metadata.faults.add(fault);
      for (const target of targets) {
        const answer = await side.get(target);
        assert.equal(answer.status, status, target);
        assert.doesNotMatch(answer.body, /ordered|html|127\.0\.0\.1/);
        assert.equal(side.exchanges.at(-1)?.answer.reason, reason);
      }
    });
  }
});

Deno.test("proxy() bounds the requests that wait for a change, for each caller", async () => {
  await using side = await startPodSide();
  const wait = `${MACHINE_TYPE}?wait_for_change=true&timeout_sec=50`;
  const waiting = Array.from({ length: 8 }, () => side.get(wait));
  await side.google.metadata.waits.reached(8);
  const refused = await side.get(wait);
  assert.equal(refused.status, 503);
  assert.equal(JSON.parse(refused.body).reason, "overload");
  side.google.metadata.set("instance/machine-type", "other");
  for (const answer of await Promise.all(waiting)) {
    assert.equal(answer.status, 200);
  }
});

Deno.test("proxy() answers 503 while the real server is down, and local entries all the same", async () => {
  await using side = await startPodSide();
  await side.get(`${SA}/default/token`);
  await side.google.metadata.stop();
  assert.equal((await side.get(MACHINE_TYPE)).status, 503);
  assert.equal((await side.get(`${V1}/?recursive=true`)).status, 503);
  assert.equal((await side.get(`${SA}/default/token`)).status, 200);
  assert.equal((await side.get(`${SA}/?recursive=true`)).status, 200);
  await side.google.metadata.start();
  assert.equal((await side.get(MACHINE_TYPE)).status, 200);
});

Deno.test("fetchTree() refuses a recursive answer that cannot be filtered, without quoting it", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly answer: Partial<Answer>;
    readonly status: number;
  }[] = [
    { name: "no JSON", answer: { body: '{"a":"secret"x}' }, status: 503 },
    { name: "cut JSON", answer: { body: '{"a":"secret' }, status: 503 },
    {
      name: "text",
      answer: { body: "secret of kube-env\n" },
      status: 503,
    },
    { name: "leaf", answer: { body: '"secret"' }, status: 200 },
    { name: "list", answer: { body: '["secret"]' }, status: 200 },
    { name: "null", answer: { body: "null" }, status: 200 },
    {
      name: "key that would replace service accounts",
      answer: {
        body: '{"serviceAccounts":{"default":{"token":"secret"}},' +
          '"service-accounts":{"x":"secret"},"__proto__":{"token":"secret"}}',
      },
      status: 200,
    },
  ];
  for (const { name, answer, status } of cases) {
    await t.step(name, async () => {
      await using server = await startScriptedServer(() => answer);
      using client = connectUpstream(server);
      await using side = await startPodSide({
        replace: { askUpstream: client.ask },
      });
      const { status: found, body } = await side.get(
        `${V1}/instance/?recursive=true`,
      );
      assert.equal(found, status);
      assert.ok(!body.includes("secret"));
      const cause = side.exchanges[0]?.answer.cause;
      assert.ok(!Deno.inspect(cause).includes("secret"));
    });
  }
});

Deno.test("proxy() waits for a change, no longer than a minute, and passes on what the client knows", async (t) => {
  await t.step("change", async () => {
    await using side = await startPodSide();
    const { metadata } = side.google;
    const target = `${V1}/instance/maintenance-event?wait_for_change=true`;
    const first = await side.get(`${target}&last_etag=0`);
    assert.equal(first.body, "NONE");
    const waiting = side.get(`${target}&last_etag=${first.header("ETag")}`);
    await metadata.waits.reached(2);
    metadata.set("instance/maintenance-event", "MIGRATE_ON_HOST_MAINTENANCE");
    assert.equal((await waiting).body, "MIGRATE_ON_HOST_MAINTENANCE");
  });
  const cases = [
    { wanted: "", sent: "60" },
    { wanted: "&timeout_sec=5", sent: "5" },
    { wanted: "&timeout_sec=0", sent: "0" },
    { wanted: "&timeout_sec=86400", sent: "60" },
    { wanted: "&timeout_sec=-1", sent: "0" },
    { wanted: "&timeout_sec=soon", sent: "0" },
    { wanted: "&timeout_sec=1e9", sent: "60" },
  ];
  for (const { wanted, sent } of cases) {
    await t.step(`timeout${wanted}`, async () => {
      await using server = await startScriptedServer(() => ({ body: "x" }));
      using client = connectUpstream(server);
      await using side = await startPodSide({
        replace: { askUpstream: client.ask },
      });
      await side.get(`${MACHINE_TYPE}?wait_for_change=TRUE${wanted}`);
      const [, query] = server.received[0]?.target.split("?") ?? [];
      const parameters = new URLSearchParams(query);
      assert.equal(parameters.get("timeout_sec"), sent);
      assert.equal(parameters.get("wait_for_change"), "TRUE");
    });
  }
});
