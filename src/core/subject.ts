import { type CallerRefusal, refuseLookup } from "./caller.ts";
import type { OwnerRef } from "./controller.ts";
import {
  chooseClaimant,
  isLive,
  type Lookup,
  nameOf,
  type Pod,
} from "./pod.ts";

/** A pod with the node that runs it. */
export interface PlacedPod {
  /** The pod. */
  readonly pod: Pod;
  /** Name of its node; empty while it has none. */
  readonly node: string;
  /** What controls it, if anything. */
  readonly owner?: OwnerRef | undefined;
}

/** What is asked to be explained, with the pods that could be meant. */
export type Question =
  | {
    readonly kind: "pod";
    /** The pod that was named. */
    readonly placed: PlacedPod;
    /** Pods of its node, in any state; it may be among them. */
    readonly neighbours: readonly PlacedPod[];
  }
  | {
    readonly kind: "address";
    /** Address in canonical form. */
    readonly address: string;
    /** Pods that have it, in any state. */
    readonly holders: readonly PlacedPod[];
  };

/** Whose an address is, by the daemon's own choice among those that have it. */
export interface Claim {
  /** Address in canonical form. */
  readonly address: string;
  /** Everyone who has the address, in any state. */
  readonly holders: readonly PlacedPod[];
  /** What the choice came to. */
  readonly lookup: Lookup;
}

/** What a question comes to, as requests from its addresses would. */
export type Subject =
  & {
    /** What was asked about: `namespace/name` or an address. */
    readonly asked: string;
    /** Whose each address is. */
    readonly claims: readonly Claim[];
    /** What explains a refusal further, one sentence each without final period. */
    readonly notes: readonly string[];
  }
  & (
    | {
      /** The pod. */
      readonly placed: PlacedPod;
      /** Requests can be taken for this pod's. */
      readonly refusal: undefined;
    }
    | {
      /** The pod; `undefined` if an address has none, or none that can be told from others. */
      readonly placed: PlacedPod | undefined;
      /** Why no request can be taken for this pod's. */
      readonly refusal: CallerRefusal;
    }
  );

/**
 * Finds the pod that a question is about, by the choice that the daemon makes for each
 * request.
 *
 * @param question What is asked, and who could be meant.
 */
export function findSubject(question: Question): Subject {
  return question.kind === "address"
    ? findByAddress(question.address, question.holders)
    : findByName(question.placed, question.neighbours);
}

function findByAddress(
  address: string,
  holders: readonly PlacedPod[],
): Subject {
  const claim = claimOf(address, holders);
  const { lookup } = claim;
  const facts = { asked: address, claims: [claim] };
  if (lookup.kind === "found") {
    const placed = holders.find(({ pod }) => pod === lookup.pod);
    return {
      ...facts,
      placed: placed ?? { pod: lookup.pod, node: "" },
      refusal: undefined,
      notes: [],
    };
  }
  const nodes = new Set(holders.map(({ node }) => node));
  return {
    ...facts,
    placed: undefined,
    refusal: refuseLookup(lookup.kind),
    notes: lookup.kind === "ambiguous" && nodes.size > 1
      ? [
        "The pods are on several nodes, and each daemon knows those of its own: name one with --node",
      ]
      : [],
  };
}

function findByName(
  placed: PlacedPod,
  neighbours: readonly PlacedPod[],
): Subject {
  const { pod } = placed;
  const others = neighbours.filter((other) => other.pod.uid !== pod.uid);
  const claims = pod.addresses.map((address) =>
    claimOf(address, [
      placed,
      ...others.filter((other) => other.pod.addresses.includes(address)),
    ])
  );
  const facts = { asked: nameOf(pod), placed, claims };
  const isCaller = claims.some(({ lookup }) =>
    lookup.kind === "found" && lookup.pod === pod
  );
  return isCaller
    ? { ...facts, refusal: undefined, notes: [] }
    : { ...facts, ...refuseNamed(pod, claims[0]) };
}

/** Says why no address leads to a pod that was named. */
function refuseNamed(
  pod: Pod,
  claim: Claim | undefined,
): { readonly refusal: CallerRefusal; readonly notes: readonly string[] } {
  if (!isLive(pod)) {
    return {
      refusal: refuseLookup("unknown"),
      notes: [
        `The pod has ended (phase ${pod.phase}), so that it calls nobody`,
      ],
    };
  }
  if (claim === undefined) {
    return pod.hostNetwork
      ? { refusal: refuseLookup("host-network"), notes: [] }
      : {
        refusal: refuseLookup("unknown"),
        notes: ["The pod has no address yet"],
      };
  }
  const { address, lookup } = claim;
  if (lookup.kind !== "found") {
    return { refusal: refuseLookup(lookup.kind), notes: [] };
  }
  return {
    refusal: refuseLookup(pod.hostNetwork ? "host-network" : "unknown"),
    notes: [`Requests from ${address} count as those of ${nameOf(lookup.pod)}`],
  };
}

function claimOf(address: string, holders: readonly PlacedPod[]): Claim {
  return {
    address,
    holders,
    lookup: chooseClaimant(holders.map(({ pod }) => pod)),
  };
}
