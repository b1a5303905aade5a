import assert from "node:assert/strict";
import type { Pod } from "../../src/core/pod.ts";
import { findSubject, type PlacedPod } from "../../src/core/subject.ts";
import { createPod } from "./pods.ts";

function place(changes: Partial<Pod>): PlacedPod {
  return { pod: createPod(changes), node: "node-1" };
}

const CART = place({ uid: "cart", name: "cart", addresses: ["10.0.0.1"] });

interface Case {
  readonly name: string;
  readonly pod: PlacedPod;
  readonly others?: readonly PlacedPod[];
  readonly reason?: string;
  readonly note?: string;
}

const CASES: readonly Case[] = [
  { name: "a running pod", pod: CART },
  {
    name: "a pod beside an ended one",
    pod: CART,
    others: [
      place({ uid: "old", phase: "Failed", addresses: ["10.0.0.1"] }),
      place({ uid: "other", addresses: ["10.0.0.2"] }),
    ],
  },
  {
    name: "a pod with one address of two",
    pod: place({ uid: "dual", addresses: ["10.0.0.1", "fd00::1"] }),
    others: [CART],
  },
  {
    name: "a twin",
    pod: place({ uid: "twin", addresses: ["10.0.0.1"] }),
    others: [CART],
    reason: "ambiguous-caller",
  },
  {
    name: "a pod that ends, with a successor",
    pod: place({ uid: "end", isTerminating: true, addresses: ["10.0.0.1"] }),
    others: [CART],
    reason: "unknown-caller",
    note: "Requests from 10.0.0.1 count as those of default/cart",
  },
  {
    name: "an ended pod on the node's network",
    pod: place({ phase: "Failed", hostNetwork: true }),
    reason: "unknown-caller",
    note: "The pod has ended (phase Failed), so that it calls nobody",
  },
  {
    name: "a pod without an address",
    pod: place({ phase: "Pending", addresses: [] }),
    reason: "unknown-caller",
    note: "The pod has no address yet",
  },
  {
    name: "a pod on the node's network",
    pod: place({ hostNetwork: true }),
    reason: "host-network",
  },
  {
    name: "one on the node's network without an address",
    pod: place({ hostNetwork: true, addresses: [] }),
    reason: "host-network",
  },
];

Deno.test("findSubject() takes a named pod's requests as the daemon does", async (t) => {
  for (const { name, pod, others = [], reason, note } of CASES) {
    await t.step(name, () => {
      const subject = findSubject({
        kind: "pod",
        placed: pod,
        // The list of its node holds the pod too, as an object of its own.
        neighbours: [{ ...pod, pod: { ...pod.pod } }, ...others],
      });
      assert.equal(subject.placed, pod);
      assert.equal(subject.refusal?.reason, reason);
      assert.deepEqual(subject.notes, note === undefined ? [] : [note]);
    });
  }
});

Deno.test("findSubject() finds the pod of an address", () => {
  const ended = place({
    uid: "old",
    phase: "Succeeded",
    addresses: ["10.0.0.1"],
  });
  const subject = findSubject({
    kind: "address",
    address: "10.0.0.1",
    holders: [ended, CART],
  });
  assert.equal(subject.placed, CART);
  assert.equal(subject.refusal, undefined);
  assert.equal(subject.claims[0]?.holders.length, 2);
});

Deno.test("findSubject() names no pod for an address that several have, or none", () => {
  const question = { kind: "address", address: "10.0.0.1" } as const;
  const twin = place({ uid: "twin", addresses: ["10.0.0.1"] });
  const several = findSubject({ ...question, holders: [CART, twin] });
  assert.equal(several.placed, undefined);
  assert.equal(several.refusal?.reason, "ambiguous-caller");
  assert.deepEqual(several.notes, []);
  const far = findSubject({
    ...question,
    holders: [CART, { ...twin, node: "node-2" }],
  });
  assert.match(far.notes[0] ?? "", /several nodes/);
  const none = findSubject({ ...question, holders: [] });
  assert.equal(none.refusal?.reason, "unknown-caller");
});
