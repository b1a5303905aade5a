import assert from "node:assert/strict";
import {
  chooseClaimant,
  isLive,
  type Lookup,
  type Pod,
} from "../../src/core/pod.ts";
import { createPod } from "./pods.ts";

const PHASES = ["Pending", "Running", "Succeeded", "Failed", "Unknown"];

Deno.test("isLive() is true while containers can call", () => {
  const live = PHASES.filter((phase) => isLive(createPod({ phase })));
  assert.deepEqual(live, ["Pending", "Running"]);
  assert(isLive(createPod({ isTerminating: true })));
  assert(!isLive(createPod({ phase: "" })));
  assert(!isLive(createPod({ phase: "running" })));
});

Deno.test("chooseClaimant() of the pods that share an address", async (t) => {
  const running = createPod({ uid: "running" });
  const older = createPod({ uid: "older", createdAtMs: 500 });
  const newer = createPod({ uid: "newer", createdAtMs: 2_000 });
  const ending = createPod({ uid: "ending", isTerminating: true });
  const cases: readonly {
    name: string;
    pods: readonly Pod[];
    expected: string;
  }[] = [
    { name: "none", pods: [], expected: "unknown" },
    { name: "one", pods: [running], expected: "running" },
    {
      name: "an init container calls",
      pods: [createPod({ uid: "pending", phase: "Pending" })],
      expected: "pending",
    },
    {
      name: "terminating, and nobody else",
      pods: [ending],
      expected: "ending",
    },
    {
      name: "terminating, with a newer successor",
      pods: [ending, newer],
      expected: "newer",
    },
    {
      name: "terminating, with a successor of the same second",
      pods: [ending, running],
      expected: "running",
    },
    {
      name: "terminating, beside an older pod",
      pods: [ending, older],
      expected: "ambiguous",
    },
    {
      name: "terminating, with a finished successor",
      pods: [ending, { ...newer, phase: "Succeeded" }],
      expected: "ending",
    },
    {
      name: "two terminating",
      pods: [ending, { ...newer, isTerminating: true }],
      expected: "ambiguous",
    },
    { name: "two running", pods: [older, newer], expected: "ambiguous" },
    {
      name: "running and pending",
      pods: [running, { ...newer, phase: "Pending" }],
      expected: "ambiguous",
    },
    {
      name: "two successors of a terminating one",
      pods: [ending, newer, { ...newer, uid: "third" }],
      expected: "ambiguous",
    },
    {
      name: "finished pods had the address before",
      pods: [
        { ...newer, phase: "Failed" },
        { ...older, phase: "Succeeded" },
        running,
      ],
      expected: "running",
    },
    {
      name: "finished only",
      pods: [{ ...running, phase: "Succeeded" }],
      expected: "unknown",
    },
    {
      name: "phase lost",
      pods: [{ ...running, phase: "Unknown" }],
      expected: "unknown",
    },
    {
      name: "on the node's network",
      pods: [{ ...running, hostNetwork: true }, {
        ...older,
        hostNetwork: true,
      }],
      expected: "host-network",
    },
    {
      name: "on the node's network, finished",
      pods: [{ ...running, hostNetwork: true, phase: "Failed" }],
      expected: "unknown",
    },
    {
      name: "on the node's network beside one that is not",
      pods: [{ ...newer, hostNetwork: true }, running],
      expected: "running",
    },
  ];
  for (const { name, pods, expected } of cases) {
    await t.step(name, () => {
      assert.equal(describe(chooseClaimant(pods)), expected);
      assert.equal(describe(chooseClaimant(pods.toReversed())), expected);
    });
  }
});

function describe(lookup: Lookup): string {
  return lookup.kind === "found" ? lookup.pod.uid : lookup.kind;
}

/** Every state that matters, twice over in age. */
const STATES: readonly Pod[] = PHASES.flatMap((phase) =>
  [false, true].flatMap((isTerminating) =>
    [false, true].flatMap((hostNetwork) =>
      [1_000, 2_000].map((createdAtMs) =>
        createPod({ phase, isTerminating, hostNetwork, createdAtMs })
      )
    )
  )
);

/** The rule, told of each pod for itself: it owns the address if all others give way to it. */
function chooseNaively(pods: readonly Pod[]): string {
  const live = pods.filter(({ phase }) =>
    ["Pending", "Running"].includes(phase)
  );
  const claimants = live.filter((pod) => !pod.hostNetwork);
  if (claimants.length === 0) {
    return live.length > 0 ? "host-network" : "unknown";
  }
  const owner = claimants.find((pod) =>
    claimants.every((other) =>
      other === pod ||
      (other.isTerminating && !pod.isTerminating &&
        other.createdAtMs <= pod.createdAtMs)
    )
  );
  return owner?.uid ?? "ambiguous";
}

Deno.test("chooseClaimant() of every combination of up to three pods", () => {
  const combinations: (readonly Pod[])[] = [[]];
  for (const uid of ["first", "second", "third"]) {
    for (const shorter of [...combinations]) {
      if (shorter.length > 0 && shorter.at(-1)?.uid === uid) continue;
      for (const state of STATES) {
        combinations.push([...shorter, { ...state, uid }]);
      }
    }
  }
  for (const pods of combinations) {
    const expected = chooseNaively(pods);
    if (describe(chooseClaimant(pods)) !== expected) {
      assert.equal(
        describe(chooseClaimant(pods)),
        expected,
        JSON.stringify(pods),
      );
    }
  }
});
