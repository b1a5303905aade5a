import assert from "node:assert/strict";
import type { UpstreamRequest } from "../../src/core/upstream.ts";
import { UpstreamError } from "../../src/core/upstream.ts";
import {
  rememberListings,
  rememberNodeValues,
} from "../../src/metadata/node_values.ts";
import { APP } from "../google/google_side.ts";
import { startPodSide, V1 } from "./pod_side.ts";

const LEAVES = {
  "instance/attributes/cluster-location": "europe-west1",
  "instance/attributes/cluster-name": "sandbox",
  "instance/hostname": "sandbox-node.europe-west1-b.c.demo-proj.internal",
  "instance/id": "4520031799277581759",
  "instance/zone": "projects/123456789012/zones/europe-west1-b",
  "project/numeric-project-id": "123456789012",
  "project/project-id": "demo-proj",
  "universe/universe-domain": "googleapis.com",
};

Deno.test("answerLeaf() answers from memory, to anyone, with one tag for text and JSON", async (t) => {
  await using side = await startPodSide({
    replace: { identify: () => Promise.reject(new Error("not needed")) },
  });
  for (const path of Object.keys(LEAVES)) await side.get(`${V1}/${path}`);
  await side.google.metadata.stop();
  for (const [path, value] of Object.entries(LEAVES)) {
    await t.step(path, async () => {
      const text = await side.get(`${V1}/${path}`);
      assert.equal(text.status, 200);
      assert.equal(text.header("Content-Type"), "application/text");
      assert.equal(text.body, value);
      const json = await side.get(`${V1}/${path}?alt=json`);
      assert.equal(json.header("Content-Type"), "application/json");
      const isNumber = /id$/.test(path) && /^\d+$/.test(value);
      assert.equal(json.body, isNumber ? value : `"${value}"`);
      assert.match(text.header("ETag") ?? "", /^[0-9a-f]{16}$/);
      assert.equal(json.header("ETag"), text.header("ETag"));
      assert.equal(
        (await side.get(`${V1}/${path}?recursive=true`)).body,
        value,
      );
      assert.equal((await side.get(`${V1}/${path}/`)).status, 404);
    });
  }
  assert.equal(
    new Set(side.upstreamTargets()).size,
    Object.keys(LEAVES).length - 1,
  );
  assert.equal(side.upstreamTargets().length, Object.keys(LEAVES).length - 1);
});

Deno.test("answerLeaf() and answerTable() tell the universe that is configured", async () => {
  await using side = await startPodSide({
    replace: { universeDomain: "cloud.example" },
  });
  const leaf = await side.get(`${V1}/universe/universe-domain`);
  assert.equal(leaf.body, "cloud.example");
  const tree = await side.get(`${V1}/universe/?recursive=true`);
  assert.equal(tree.body, '{"universeDomain":"cloud.example"}');
});

Deno.test("answerLeaf() answers 404 for what the node lacks, and asks again after a minute", async () => {
  await using side = await startPodSide();
  const { metadata, time } = side.google;
  const target = `${V1}/instance/attributes/cluster-name`;
  metadata.faults.add({ kind: "status", status: 404 });
  assert.equal((await side.get(target)).status, 404);
  metadata.faults.clear();
  time.advance(59_999);
  assert.equal((await side.get(target)).status, 404);
  assert.equal(side.upstreamTargets().length, 1);
  time.advance(1);
  assert.equal((await side.get(target)).status, 404, "asked meanwhile");
  await metadata.requests.reached(2);
  await side.get("/");
  assert.equal((await side.get(target)).body, "sandbox");
});

Deno.test("answerLeaf() answers 503 while a value was never to be had, or is no number", async (t) => {
  await t.step("failing", async () => {
    await using side = await startPodSide();
    side.google.metadata.faults.add({ kind: "status", status: 500 });
    assert.equal((await side.get(`${V1}/instance/zone`)).status, 503);
    side.google.metadata.faults.clear();
    assert.equal((await side.get(`${V1}/instance/zone`)).status, 200);
  });
  for (const body of ["", "12x", "1.5", "-1", "0123", "1\n2"]) {
    await t.step(JSON.stringify(body), async () => {
      await using side = await startPodSide({
        replace: {
          nodeValues: rememberNodeValues(answering(() => body), () => 0),
        },
      });
      assert.equal((await side.get(`${V1}/instance/id`)).status, 503);
      const tree = `${V1}/instance/?recursive=true`;
      assert.equal((await side.get(tree)).status, 503);
    });
  }
});

function answering(
  bodyOf: (request: UpstreamRequest) => string,
): Parameters<typeof rememberNodeValues>[0] {
  return (request) =>
    Promise.resolve({
      status: 200,
      contentType: "application/text",
      etag: undefined,
      body: bodyOf(request),
    });
}

Deno.test("answerListing() lists the table alone in profile gke, with nothing to ask", async () => {
  await using side = await startPodSide({
    exposure: { expose: "gke" },
    replace: { identify: () => Promise.reject(new Error("not needed")) },
  });
  await side.google.metadata.stop();
  const bodies = {
    "": "instance/\nproject/\nuniverse/\n",
    "instance/": "attributes/\nhostname\nid\nservice-accounts/\nzone\n",
    "instance/attributes/": "cluster-location\ncluster-name\ncluster-uid\n",
    "project/": "numeric-project-id\nproject-id\n",
    "universe/": "universe-domain\n",
  };
  for (const [path, body] of Object.entries(bodies)) {
    const answer = await side.get(`${V1}/${path}`);
    assert.equal(answer.body, body);
    assert.match(answer.header("ETag") ?? "", /^[0-9a-f]{16}$/);
    assert.equal((await side.get(`${V1}/${path}?alt=text`)).status, 400);
    const waiting = await side.get(`${V1}/${path}?wait_for_change=true`);
    assert.equal(waiting.status, 400);
  }
});

Deno.test("answerListing() leaves out what the node is known to lack", async () => {
  await using side = await startPodSide({ exposure: { expose: "gke" } });
  side.google.metadata.faults.add({ kind: "status", status: 404 });
  await side.get(`${V1}/instance/attributes/cluster-uid`);
  assert.equal(
    (await side.get(`${V1}/instance/attributes/`)).body,
    "cluster-location\ncluster-name\n",
  );
});

Deno.test("answerListing() remembers what the real server lists, and answers when that is away", async (t) => {
  await t.step("known", async () => {
    await using side = await startPodSide();
    const { metadata, time } = side.google;
    const first = await side.get(`${V1}/instance/`);
    assert.ok(first.body.includes("\nmachine-type\n"));
    await metadata.stop();
    time.advance(600_000);
    assert.equal((await side.get(`${V1}/instance/`)).body, first.body);
  });
  await t.step("never known", async () => {
    await using side = await startPodSide();
    await side.google.metadata.stop();
    assert.equal(
      (await side.get(`${V1}/instance/`)).body,
      "attributes/\nhostname\nid\nservice-accounts/\nzone\n",
    );
  });
  await t.step("a change of the exposure counts at once", async () => {
    const listing = "guest-attributes/\nlicenses/\nname\nservice-accounts/\n";
    await using side = await startPodSide({
      exposure: { deny: ["instance/name"] },
      replace: {
        listings: rememberListings(answering(() => listing), () => 0),
      },
    });
    assert.equal(
      (await side.get(`${V1}/instance/`)).body,
      "attributes/\nhostname\nid\nservice-accounts/\nzone\n",
    );
  });
});

Deno.test("answerTable() assembles gke's tree without asking for any subtree", async () => {
  await using side = await startPodSide({ exposure: { expose: "gke" } });
  const answer = await side.get(`${V1}/?recursive=true`);
  assert.equal(answer.status, 200);
  for (const target of side.upstreamTargets()) {
    assert.doesNotMatch(target, /recursive|\/$/);
  }
  const asked = side.upstreamTargets().length;
  const again = await side.get(`${V1}/?recursive=true&alt=text`);
  assert.equal(side.upstreamTargets().length, asked);
  assert.equal(again.header("ETag"), answer.header("ETag"));
  assert.ok(again.body.includes("instance/id 4520031799277581759\n"));
  const listing = await side.get(`${V1}/`);
  assert.notEqual(listing.header("ETag"), answer.header("ETag"));
});

Deno.test("answerTable() takes the node's values from the real server, and the rest from the next hop", async () => {
  await using side = await startPodSide({
    replace: {
      askUpstream: answering(() =>
        '{"id":1,"zone":"of the next hop","name":"open","attributes":{"kube-env":"x"}}'
      ),
    },
  });
  const { body } = await side.get(`${V1}/instance/?recursive=true`);
  const tree = JSON.parse(body);
  assert.deepEqual(Object.keys(tree), [
    "attributes",
    "hostname",
    "id",
    "name",
    "serviceAccounts",
    "zone",
  ]);
  assert.equal(tree.name, "open");
  assert.equal(tree.zone, LEAVES["instance/zone"]);
  assert.ok(body.includes('"id":4520031799277581759,'));
  assert.ok(!body.includes("kube-env"));
});

Deno.test("answerTable() leaves out what the next hop refuses, and fails with it", async () => {
  await using side = await startPodSide({
    replace: {
      askUpstream: () =>
        Promise.resolve({
          status: 403,
          contentType: "text/html",
          etag: undefined,
          body: "concealed",
        }),
    },
  });
  const { body } = await side.get(`${V1}/?recursive=true`);
  const { instance, project } = JSON.parse(body);
  assert.equal(instance.serviceAccounts.default.email, APP);
  assert.deepEqual(Object.keys(instance), [
    "attributes",
    "hostname",
    "id",
    "serviceAccounts",
    "zone",
  ]);
  assert.deepEqual(project, {
    numericProjectId: 123456789012,
    projectId: "demo-proj",
  });
  await using failing = await startPodSide({
    replace: { askUpstream: () => Promise.reject(new UpstreamError("away")) },
  });
  assert.equal((await failing.get(`${V1}/?recursive=true`)).status, 503);
});
