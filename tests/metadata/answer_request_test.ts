import assert from "node:assert/strict";
import type { Reason } from "../../src/core/reason.ts";
import { APP, PLATFORM } from "../google/google_side.ts";
import { createPod } from "../core/pods.ts";
import { SA, startPodSide, USERINFO, V1 } from "./pod_side.ts";

Deno.test("answerRequest() redirects a directory without its slash, to a path of our own", async (t) => {
  await using side = await startPodSide();
  const cases = [
    { target: "/computeMetadata", location: "/computeMetadata/" },
    { target: V1, location: `${V1}/` },
    { target: `${V1}/instance`, location: `${V1}/instance/` },
    { target: `${V1}/universe`, location: `${V1}/universe/` },
    { target: SA, location: `${SA}/` },
    { target: `${SA}/default`, location: `${SA}/default/` },
    { target: `${SA}/${APP}`, location: `${SA}/${APP}/` },
    {
      target: `${SA}?recursive=true&x=1&alt=json`,
      location: `${SA}/?alt=json&recursive=true`,
    },
    {
      target: `${SA}/default?recursive=tr%0d%0aue`,
      location: `${SA}/default/?recursive=tr%0D%0Aue`,
    },
  ];
  for (const { target, location } of cases) {
    await t.step(target, async () => {
      const answer = await side.get(target);
      assert.equal(answer.status, 301);
      assert.equal(answer.header("Location"), location);
      assert.equal(answer.header("Content-Type"), "text/html");
      assert.equal(answer.body, location.replace(/\?.*/, ""));
    });
  }
  assert.deepEqual(side.upstreamTargets(), []);
});

Deno.test("answerRequest() starts no time limit where nothing is waited for", async () => {
  let limits = 0;
  const token = { value: "in-memory", expiresAtMs: Infinity };
  await using side = await startPodSide({
    replace: {
      identifyNow: () => ({
        kind: "found",
        caller: {
          pod: createPod({ accountAnnotation: APP }),
          namespace: undefined,
        },
      }),
      mintNow: (request, holder) => {
        assert.deepEqual([request.account, holder], [APP, "uid-1"]);
        return token;
      },
      startBudget: () => {
        limits++;
        throw new Error("nothing is waited for");
      },
    },
  });
  const { status, body } = await side.get(`${SA}/default/token`);
  assert.equal(status, 200);
  assert.match(body, /"access_token":"in-memory"/);
  assert.equal(limits, 0);
});

Deno.test("answerRequest() answers what never changes, without caller and upstream", async (t) => {
  await using side = await startPodSide({
    replace: { identify: () => Promise.reject(new Error("not needed")) },
  });
  await side.google.metadata.stop();
  const cases = [
    { target: "/computeMetadata/", body: "v1/\n" },
    { target: `${V1}/`, body: "instance/\nproject/\nuniverse/\n" },
    { target: `${V1}/universe/`, body: "universe-domain\n" },
    {
      target: `${V1}/universe/?recursive=true`,
      body: '{"universeDomain":"googleapis.com"}',
    },
    {
      target: `${V1}/universe/?recursive=true&alt=text`,
      body: "universe-domain googleapis.com\n",
    },
    { target: `${V1}/universe/universe-domain`, body: "googleapis.com" },
    {
      target: `${V1}/universe/universe-domain?alt=json`,
      body: '"googleapis.com"',
    },
  ];
  for (const { target, body } of cases) {
    await t.step(target, async () => {
      const answer = await side.get(target);
      assert.equal(answer.status, 200);
      assert.equal(answer.body, body);
    });
  }
  const refused = [
    { target: "/computeMetadata/?recursive=true", status: 404 },
    { target: "/computeMetadata/?alt=json", status: 400 },
    { target: `${V1}/?alt=text`, status: 400 },
    { target: `${V1}/universe/?alt=json`, status: 400 },
    { target: `${V1}/universe/universe_domain`, status: 404 },
    { target: `${V1}/universe/universe-domain/`, status: 404 },
  ];
  for (const { target, status } of refused) {
    await t.step(target, async () => {
      assert.equal((await side.get(target)).status, status);
    });
  }
});

const statuses: Readonly<Record<Reason, number>> = {
  "unknown-caller": 503,
  "ambiguous-caller": 503,
  "host-network": 403,
  "not-synced": 503,
  "stale": 503,
  "no-account": 404,
  "account-malformed": 403,
  "scopes-malformed": 403,
  "namespace-denied": 403,
  "namespace-list-malformed": 403,
  "account-mismatch": 404,
  "iam-denied": 403,
  "iam-unavailable": 503,
  "node-credentials": 503,
  "overload": 503,
};
const errors: Readonly<Record<number, string>> = {
  403: "access_denied",
  404: "invalid_request",
  503: "temporarily_unavailable",
};
const reasons = Object.keys(statuses).filter((text): text is Reason =>
  Object.hasOwn(statuses, text)
);

Deno.test("answerRequest() refuses a caller that is not to be told, on every path that depends on it", async (t) => {
  for (const reason of reasons) {
    await t.step(reason, async () => {
      await using side = await startPodSide({
        replace: {
          identify: () =>
            Promise.resolve({ kind: "refused", reason, message: "Why." }),
        },
      });
      const targets = [
        `${SA}/`,
        `${SA}/default/`,
        `${SA}/default/token`,
        `${SA}/default/identity?audience=A`,
        `${V1}/?recursive=true`,
        `${V1}/instance/?recursive=true`,
        `${V1}/instance/machine-type`,
      ];
      for (const target of targets) {
        const answer = await side.get(target);
        assert.equal(answer.status, statuses[reason], target);
        assert.equal(
          answer.body,
          JSON.stringify({
            error: errors[answer.status],
            error_description: "Why.",
            reason,
          }),
        );
        assert.equal(
          answer.header("Retry-After"),
          answer.status === 503 ? "1" : undefined,
        );
      }
      assert.deepEqual(side.upstreamTargets(), []);
      assert.equal(side.google.iam.calls.count(), 0);
    });
  }
});

Deno.test("answerRequest() refuses what the policy denies, on every path below service accounts", async (t) => {
  for (const reason of reasons.filter((one) => one !== "no-account")) {
    await t.step(reason, async () => {
      await using side = await startPodSide({
        replace: {
          decide: () => ({ outcome: "deny", reason, message: "Why." }),
        },
      });
      for (
        const target of [
          `${SA}/`,
          `${SA}/?recursive=true`,
          `${SA}/default/`,
          `${SA}/default/email`,
          `${SA}/default/token`,
          `${SA}/${APP}/token`,
        ]
      ) {
        const answer = await side.get(target);
        assert.equal(answer.status, statuses[reason], target);
        assert.equal(JSON.parse(answer.body).reason, reason);
      }
      assert.equal(side.google.iam.calls.count(), 0);
      const { body } = await side.get(`${V1}/instance/?recursive=true`);
      assert.deepEqual(JSON.parse(body).serviceAccounts, {});
      assert.equal((await side.get(`${V1}/project/project-id`)).status, 200);
    });
  }
});

Deno.test("answerRequest() shows a pod without account an empty list, and 404 below it", async (t) => {
  await using side = await startPodSide({
    pods: { "127.0.0.1": { accountAnnotation: undefined } },
  });
  const cases = [
    { target: `${SA}/`, status: 200, body: "" },
    { target: `${SA}/?recursive=true`, status: 200, body: "{}" },
    { target: `${SA}/?recursive=true&alt=text`, status: 200, body: "" },
    { target: `${SA}/default/`, status: 404, body: undefined },
    { target: `${SA}/default/?recursive=true`, status: 404, body: undefined },
    { target: `${SA}/default/email`, status: 404, body: undefined },
    { target: `${SA}/default/token`, status: 404, body: undefined },
    {
      target: `${SA}/default/identity?audience=A`,
      status: 404,
      body: undefined,
    },
  ];
  for (const { target, status, body } of cases) {
    await t.step(target, async () => {
      const answer = await side.get(target);
      assert.equal(answer.status, status);
      if (body !== undefined) assert.equal(answer.body, body);
      else {
        const refusal = JSON.parse(answer.body);
        assert.equal(refusal.error, "invalid_request");
        assert.equal(refusal.reason, "no-account");
      }
    });
  }
});

Deno.test("answerRequest() decides anew for every request", async () => {
  let annotation: string | undefined = APP;
  await using side = await startPodSide({
    replace: {
      decide: () =>
        annotation === undefined
          ? { outcome: "deny", reason: "no-account", message: "No." }
          : {
            outcome: "allow",
            account: annotation,
            scopes: [PLATFORM],
            wouldDeny: undefined,
          },
    },
  });
  assert.equal((await side.get(`${SA}/default/token`)).status, 200);
  annotation = undefined;
  assert.equal((await side.get(`${SA}/default/token`)).status, 404);
});

const own =
  `{"aliases":["default"],"email":"${APP}","scopes":["${PLATFORM}","${USERINFO}"]}`;
const ownAccounts = `"serviceAccounts":{"${APP}":${own},"default":${own}}`;

Deno.test("answerRequest() assembles recursive answers with the pod's account, and nothing concealed", async (t) => {
  const cases = [
    { name: "instance", target: `${V1}/instance/?recursive=true` },
    { name: "all", target: `${V1}/?recursive=true` },
    {
      name: "instance as text",
      target: `${V1}/instance/?recursive=1&alt=text`,
    },
    { name: "all as text", target: `${V1}/?alt=text&recursive=ON` },
    { name: "encoded key", target: `${V1}/?%72ecursive=true` },
    { name: "project", target: `${V1}/project/?recursive=true` },
    { name: "attributes", target: `${V1}/instance/attributes/?recursive=true` },
  ];
  for (const expose of ["standard", "gke"] as const) {
    for (const { name, target } of cases) {
      await t.step(`${name}, ${expose}`, async () => {
        await using side = await startPodSide({ exposure: { expose } });
        await side.get(`${SA}/default/token`);
        await side.get(`${SA}/default/identity?audience=A`);
        const { status, body } = await side.get(target);
        assert.equal(status, 200);
        const { metadata, iam } = side.google;
        for (const secret of [...metadata.secrets, ...iam.tokens]) {
          assert.ok(!body.includes(secret), `${target} tells ${secret}`);
        }
        assert.ok(!body.includes("gke-node@"), "the node's account");
        assert.doesNotMatch(body, /"(token|identity|oslogin)"/);
        if (name.startsWith("instance") || name.startsWith("all")) {
          assert.ok(body.includes("4520031799277581759"), "digits of the id");
          assert.ok(
            body.includes(ownAccounts) ||
              body.includes(`service-accounts/default/email ${APP}\n`),
          );
        }
      });
    }
  }
});

Deno.test("answerRequest() has the form of GKE's server in profile gke", async () => {
  await using side = await startPodSide({ exposure: { expose: "gke" } });
  const { body } = await side.get(`${V1}/?recursive=true`);
  const tree = JSON.parse(body);
  assert.deepEqual(Object.keys(tree), ["instance", "project", "universe"]);
  assert.deepEqual(Object.keys(tree.instance).sort(), [
    "attributes",
    "hostname",
    "id",
    "serviceAccounts",
    "zone",
  ]);
  assert.deepEqual(Object.keys(tree.instance.attributes), [
    "cluster-location",
    "cluster-name",
    "cluster-uid",
  ]);
  assert.ok(body.includes('"project":{"numericProjectId":123456789012,'));
});

Deno.test("answerRequest() answers 503 when the budget is over, and leaves no timer", async (t) => {
  await t.step("while minting", async () => {
    await using side = await startPodSide();
    const { iam, time } = side.google;
    const release = iam.faults.hold();
    const asking = side.get(`${SA}/default/token`);
    await iam.calls.reached(1);
    time.advance(4_499);
    assert.equal(side.exchanges.length, 0);
    time.advance(1);
    const answer = await asking;
    assert.equal(answer.status, 503);
    assert.equal(JSON.parse(answer.body).reason, "iam-unavailable");
    assert.equal(time.sleeping, 0);
    release();
    const { body } = await side.get(`${SA}/default/token`);
    assert.equal(JSON.parse(body).access_token, iam.tokens[0]);
    assert.equal(iam.calls.count(), 1);
  });
  await t.step("while finding the caller", async () => {
    await using side = await startPodSide({
      replace: {
        identify: async (_address, signal) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          signal.addEventListener("abort", () => resolve());
          await promise;
          return { kind: "refused", reason: "not-synced", message: "Wait." };
        },
      },
    });
    const { time } = side.google;
    const asking = side.get(`${SA}/default/token`);
    await time.asleep(1);
    time.advance(4_500);
    assert.equal(JSON.parse((await asking).body).reason, "not-synced");
    assert.equal(time.sleeping, 0);
  });
});

Deno.test("answerRequest() stops the budget of every answered request", async () => {
  await using side = await startPodSide();
  for (
    const target of [
      `${SA}/`,
      `${SA}/default/token`,
      `${SA}/x/token`,
      `${V1}/project/project-id`,
      `${V1}/?recursive=true`,
      `${V1}/instance/nothing`,
    ]
  ) {
    await side.get(target);
    assert.equal(side.google.time.sleeping, 0, target);
  }
});
