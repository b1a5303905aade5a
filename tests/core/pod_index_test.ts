import assert from "node:assert/strict";
import fc from "fast-check";
import { chooseClaimant, type Pod } from "../../src/core/pod.ts";
import { PodIndex } from "../../src/core/pod_index.ts";
import { createPod } from "./pods.ts";

Deno.test("PodIndex.find() answers for every address of a pod", () => {
  const index = new PodIndex();
  const pod = createPod({ addresses: ["10.0.0.5", "fd00::5"] });
  index.apply(pod);
  assert.deepEqual(index.find("10.0.0.5"), { kind: "found", pod });
  assert.deepEqual(index.find("fd00::5"), { kind: "found", pod });
  assert.deepEqual(index.find("10.0.0.6"), { kind: "unknown" });
  assert.deepEqual(index.find(""), { kind: "unknown" });
  assert.deepEqual(index.find("__proto__"), { kind: "unknown" });
});

Deno.test("PodIndex.apply() replaces what was known of the pod", () => {
  const index = new PodIndex();
  index.apply(createPod({ addresses: [] }));
  assert.equal(index.find("10.0.0.5").kind, "unknown");
  index.apply(createPod());
  index.apply(createPod());
  assert.equal(index.find("10.0.0.5").kind, "found");
  const moved = createPod({ addresses: ["10.0.0.6"], accountAnnotation: "x" });
  index.apply(moved);
  assert.equal(index.find("10.0.0.5").kind, "unknown");
  assert.deepEqual(index.find("10.0.0.6"), { kind: "found", pod: moved });
  assert.equal(index.size, 1);
  assert.deepEqual([...index.pods()], [moved]);
});

Deno.test("PodIndex.remove() by uid spares the successor of name and address", () => {
  const index = new PodIndex();
  const gone = createPod({ uid: "old" });
  const successor = createPod({ uid: "new", createdAtMs: 2_000 });
  index.apply(gone);
  index.apply(successor);
  assert.equal(index.find("10.0.0.5").kind, "ambiguous");
  index.remove(gone);
  index.remove(gone);
  assert.deepEqual(index.find("10.0.0.5"), { kind: "found", pod: successor });
});

Deno.test("PodIndex.remove() forgets addresses that the last event no longer names", () => {
  const index = new PodIndex();
  index.apply(createPod());
  index.remove(createPod({ addresses: [] }));
  assert.equal(index.find("10.0.0.5").kind, "unknown");
  assert.equal(index.size, 0);
});

Deno.test("PodIndex.replaceAll() forgets pods that the list lacks", () => {
  const index = new PodIndex();
  index.apply(createPod({ uid: "a", addresses: ["10.0.0.1"] }));
  index.replaceAll([createPod({ uid: "b", addresses: ["10.0.0.2"] })].values());
  assert.equal(index.find("10.0.0.1").kind, "unknown");
  assert.equal(index.find("10.0.0.2").kind, "found");
  index.replaceAll([]);
  assert.equal(index.size, 0);
  assert.deepEqual([...index.pods()], []);
});

const ADDRESSES = ["10.0.0.1", "10.0.0.2", "fd00::1"];

const POD: fc.Arbitrary<Pod> = fc.record({
  uid: fc.constantFrom("a", "b", "c", "d"),
  addresses: fc.array(fc.constantFrom(...ADDRESSES), { maxLength: 3 }),
  phase: fc.constantFrom(
    "Pending",
    "Running",
    "Running",
    "Succeeded",
    "Failed",
  ),
  isTerminating: fc.boolean(),
  hostNetwork: fc.boolean(),
  createdAtMs: fc.constantFrom(1_000, 2_000),
  name: fc.constantFrom("app-0", "app-1"),
}).map(createPod);

const EVENT = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("apply" as const), pod: POD }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), pod: POD }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("replaceAll" as const),
      pods: fc.array(POD, { maxLength: 4 }),
    }),
  },
);

Deno.test("PodIndex agrees with a plain list after any events", () => {
  fc.assert(
    fc.property(fc.array(EVENT, { maxLength: 30 }), (events) => {
      const index = new PodIndex();
      let model = new Map<string, Pod>();
      for (const event of events) {
        if (event.kind === "replaceAll") {
          index.replaceAll(event.pods);
          model = new Map(event.pods.map((pod) => [pod.uid, pod]));
        } else {
          index[event.kind](event.pod);
          if (event.kind === "apply") model.set(event.pod.uid, event.pod);
          else model.delete(event.pod.uid);
        }
        const pods = [...model.values()];
        assert.equal(index.size, pods.length);
        assert.deepEqual(new Set(index.pods()), new Set(pods));
        for (const address of ADDRESSES) {
          const holders = pods.filter((pod) => pod.addresses.includes(address));
          assert.deepEqual(index.find(address), chooseClaimant(holders));
        }
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("PodIndex never answers with a pod that does not hold the address", () => {
  fc.assert(fc.property(fc.array(EVENT, { maxLength: 30 }), (events) => {
    const index = new PodIndex();
    for (const event of events) {
      if (event.kind === "replaceAll") index.replaceAll(event.pods);
      else index[event.kind](event.pod);
    }
    for (const address of ADDRESSES) {
      const lookup = index.find(address);
      if (lookup.kind !== "found") continue;
      assert(lookup.pod.addresses.includes(address));
      assert(!lookup.pod.hostNetwork);
    }
  }));
});
