import assert from "node:assert/strict";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../../src/sandbox/kubernetes/api.ts";
import {
  type JsonObject,
  textAt,
} from "../../../src/sandbox/kubernetes/json.ts";
import { type ApiAnswer, call, mergePatch } from "./client.ts";

const EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events";
const EVENT = {
  metadata: { name: "cart.1", namespace: "default" },
  eventTime: "2026-01-02T03:04:05.000000Z",
  reportingController: "example.org/tester",
  reportingInstance: "node-1",
  action: "Test",
  reason: "Tested",
  type: "Warning",
  regarding: { kind: "Pod", namespace: "default", name: "cart", uid: "u" },
  note: "a note",
} as const;

function create(api: KubernetesApi, change: JsonObject): Promise<ApiAnswer> {
  return call(api, `POST ${EVENTS}`, { body: { ...EVENT, ...change } });
}

Deno.test("Events are created, listed by what they regard, and got", async () => {
  await using api = await startKubernetesApi();
  const created = await create(api, {});
  assert.equal(created.status, 201);
  assert.equal(created.body["apiVersion"], "events.k8s.io/v1");
  assert.equal((await create(api, {})).status, 409);
  const { body } = await call(
    api,
    `GET ${EVENTS}?fieldSelector=regarding.uid%3Du`,
  );
  assert.equal(body["kind"], "EventList");
  assert.equal(Array.isArray(body["items"]) && body["items"].length, 1);
  const other = await call(
    api,
    `GET ${EVENTS}?fieldSelector=regarding.uid%3Dx`,
  );
  assert.deepEqual(other.body["items"], []);
  assert.equal((await call(api, `GET ${EVENTS}/cart.1`)).status, 200);
  assert.equal((await call(api, "GET /api/v1/events")).status, 404);
});

Deno.test("Events that the real server would refuse are refused", async (t) => {
  await using api = await startKubernetesApi();
  const cases: Readonly<Record<string, [change: JsonObject, field: RegExp]>> = {
    "no time": [{ eventTime: null }, /eventTime: Required/],
    "a time without micros": [
      { eventTime: "2026-01-02T03:04:05Z" },
      /eventTime: /,
    ],
    "a controller that is no name": [
      { reportingController: "a b" },
      /reportingController: /,
    ],
    "no instance": [{ reportingInstance: "" }, /reportingInstance: Required/],
    "a long reason": [{ reason: "R".repeat(129) }, /reason: .*128/],
    "a long note": [{ note: "ü".repeat(513) }, /note: .*1024/],
    "another type": [{ type: "Error" }, /type: Invalid/],
    "a pod of another namespace": [
      { regarding: { namespace: "other" } },
      /regarding\.namespace: /,
    ],
    "the old fields": [{ count: 1 }, /deprecated\.count: /],
    "a series of one": [
      {
        series: { count: 1, lastObservedTime: "2026-01-02T03:04:05.000000Z" },
      },
      /series\.count: .*at least 2/,
    ],
  };
  for (const [name, [change, field]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { status, body } = await create(api, change);
      assert.equal(status, 422);
      assert.match(textAt(body, "message"), field);
    });
  }
});

Deno.test("Events change by their series alone", async () => {
  await using api = await startKubernetesApi();
  await create(api, {});
  const series = { count: 2, lastObservedTime: "2026-01-02T04:04:05.000000Z" };
  const patched = await mergePatch(api, `${EVENTS}/cart.1`, { series });
  assert.equal(patched.status, 200);
  assert.deepEqual(patched.body["series"], series);
  const { status, body } = await mergePatch(api, `${EVENTS}/cart.1`, {
    note: "other",
  });
  assert.equal(status, 422);
  assert.match(
    textAt(body, "message"),
    /note: Invalid value: field is immutable/,
  );
});
