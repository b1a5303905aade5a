import { type AdviceContext, adviseOn } from "./advice.ts";
import type { AllowList } from "./allow_list.ts";
import { type CallerRefusal, UNKNOWN_NAMESPACE } from "./caller.ts";
import {
  type ExplainedRestrictions,
  explainRestrictions,
} from "./explained_restrictions.ts";
import {
  type ExplainedWish,
  explainWish,
  type WishOptions,
} from "./explained_wish.ts";
import type { Pod } from "./pod.ts";
import { decide, type Decision, type Policy } from "./policy.ts";
import type { Reason } from "./reason.ts";
import { type Claim, nameOf, type PlacedPod, type Subject } from "./subject.ts";

/** Reasons that an explanation can come to. */
export const EXPLAINED_REASONS: readonly Reason[] = [
  "unknown-caller",
  "ambiguous-caller",
  "host-network",
  "not-synced",
  "no-account",
  "account-malformed",
  "scopes-malformed",
  "namespace-denied",
  "namespace-list-malformed",
  "node-credentials",
];

/**
 * Reasons that arise where an explanation does not look: in a running daemon's state, in a
 * request's path, at IAM.
 */
export const UNEXPLAINED_REASONS: readonly Reason[] = [
  "stale",
  "account-mismatch",
  "iam-denied",
  "iam-unavailable",
  "overload",
];

/** A pod, as an explanation shows it. */
export interface ExplainedPod {
  /** Namespace of the pod. */
  readonly namespace: string;
  /** Name of the pod. */
  readonly name: string;
  /** Node that runs it; empty while it has none. */
  readonly node: string;
  /** All its addresses, in canonical form. */
  readonly addresses: readonly string[];
  /** `status.phase`. */
  readonly phase: string;
  /** Whether it is being deleted. */
  readonly isTerminating: boolean;
  /** Whether it uses the node's network. */
  readonly hostNetwork: boolean;
  /** Its Kubernetes service account. */
  readonly serviceAccountName: string;
}

/** Whose an address is, and who else has it. */
export interface ExplainedClaim {
  /** Address in canonical form. */
  readonly address: string;
  /** What looking for the pod behind it comes to. */
  readonly outcome: "found" | "unknown" | "ambiguous" | "host-network";
  /** The pod that counts as the caller from it, as `namespace/name`. */
  readonly owner: string | undefined;
  /** Pods that have it in any state, at most {@linkcode MAX_HOLDERS}. */
  readonly holders: readonly ExplainedPod[];
  /** How many there are. */
  readonly holderCount: number;
}

/** What a pod gets and why: plain data, as `-o json` prints it. */
export interface Explanation {
  /** What was asked about: `namespace/name` or an address. */
  readonly asked: string;
  /** The pod; `undefined` if the address has none that can be told from others. */
  readonly pod: ExplainedPod | undefined;
  /** Whose each address is. */
  readonly claims: readonly ExplainedClaim[];
  /** Account and scopes that the pod wants; `undefined` without a pod. */
  readonly wish: ExplainedWish | undefined;
  /** What the namespace says; `undefined` without a pod. */
  readonly restrictions: ExplainedRestrictions | undefined;
  /** What the daemon decides. */
  readonly decision: Decision;
  /** In mode `report`, the refusal that `enforce` would be. */
  readonly enforced: Refusal | undefined;
  /** What to change, as a sentence or command; `undefined` if nothing has to be. */
  readonly advice: string | undefined;
  /** What else has to be known, one sentence each without final period. */
  readonly notes: readonly string[];
  /** Reasons that a request can still be refused for, which this does not look at. */
  readonly unchecked: readonly Reason[];
}

/** A decision to refuse. */
export type Refusal = Extract<Decision, { outcome: "deny" }>;

/** What {@linkcode explain} needs besides the pod. */
export interface ExplainOptions extends WishOptions {
  /** What the operator configured. */
  readonly policy: Policy;
  /** Where `restrictions.mode` was set. */
  readonly modeOrigin: string;
  /** Allow-list of the pod's namespace; `undefined` if it is not known or does not count. */
  readonly namespace: AllowList | undefined;
  /** E-mail of the node's own account, if known. */
  readonly nodeAccount: string | undefined;
  /** More to tell, one sentence each without final period. */
  readonly notes: readonly string[];
}

/** Most pods that are shown for one address. */
export const MAX_HOLDERS = 20;

/**
 * Explains what a pod gets and why, by the policy that the daemon goes by.
 *
 * @param subject The pod, or why there is none.
 * @param options Policy, namespace, and where values come from.
 */
export function explain(
  subject: Subject,
  options: ExplainOptions,
): Explanation {
  const { placed } = subject;
  const pod = placed && assume(placed.pod, options);
  const wish = pod && explainWish(pod, options.policy, options);
  const { decision, enforced } = subject.refusal === undefined
    ? judge(assume(subject.placed.pod, options), options)
    : { decision: refuse(subject.refusal), enforced: undefined };
  const refused = refusalOf(decision) ?? enforced;
  return {
    asked: subject.asked,
    pod: placed && describePod(placed),
    claims: subject.claims.map(describeClaim),
    wish,
    restrictions: wish && explainRestrictions(wish, options),
    decision,
    enforced,
    advice: refused && advise(refused.reason, { pod, wish, options }),
    notes: [...subject.notes, ...options.notes],
    unchecked: decision.outcome === "allow" ? UNEXPLAINED_REASONS : [],
  };
}

/** Puts in what is only assumed of the annotations. */
function assume(pod: Pod, { assumed }: WishOptions): Pod {
  return {
    ...pod,
    accountAnnotation: assumed.account ?? pod.accountAnnotation,
    scopesAnnotation: assumed.scopes ?? pod.scopesAnnotation,
  };
}

/** Decides as the daemon does, which needs the namespace before it asks the policy. */
function judge(
  pod: Pod,
  { policy, namespace }: ExplainOptions,
): Pick<Explanation, "decision" | "enforced"> {
  if (policy.restrictions === "enforce" && namespace === undefined) {
    return { decision: refuse(UNKNOWN_NAMESPACE), enforced: undefined };
  }
  const decision = decide(policy, pod, namespace);
  return {
    decision,
    enforced: decision.outcome === "allow" && decision.wouldDeny !== undefined
      ? refusalOf(
        decide({ ...policy, restrictions: "enforce" }, pod, namespace),
      )
      : undefined,
  };
}

function refuse({ reason, message }: CallerRefusal): Refusal {
  return { outcome: "deny", reason, message };
}

function refusalOf(decision: Decision): Refusal | undefined {
  return decision.outcome === "deny" ? decision : undefined;
}

function advise(
  reason: Reason,
  { pod, wish, options }: {
    readonly pod: Pod | undefined;
    readonly wish: ExplainedWish | undefined;
    readonly options: ExplainOptions;
  },
): string {
  const context: AdviceContext = {
    keys: options.keys,
    namespace: pod?.namespace ?? "NAMESPACE",
    allowList: options.namespace,
    account: wish?.account.value,
    nodeAccount: options.nodeAccount,
  };
  return adviseOn(reason, context);
}

function describePod({ pod, node }: PlacedPod): ExplainedPod {
  return {
    namespace: pod.namespace,
    name: pod.name,
    node,
    addresses: pod.addresses,
    phase: pod.phase,
    isTerminating: pod.isTerminating,
    hostNetwork: pod.hostNetwork,
    serviceAccountName: pod.serviceAccountName,
  };
}

function describeClaim({ address, lookup, holders }: Claim): ExplainedClaim {
  return {
    address,
    outcome: lookup.kind,
    owner: lookup.kind === "found" ? nameOf(lookup.pod) : undefined,
    holders: holders.slice(0, MAX_HOLDERS).map(describePod),
    holderCount: holders.length,
  };
}
