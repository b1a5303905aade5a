import { type AdviceContext, adviseOn } from "./advice.ts";
import type { AllowList } from "./allow_list.ts";
import { type CallerRefusal, UNKNOWN_NAMESPACE } from "./caller.ts";
import {
  adviseToMove,
  type Controller,
  type OwnerRef,
  templateAnnotations,
} from "./controller.ts";
import { type ExplainedIam, IAM_REASONS } from "./explained_iam.ts";
import {
  type ExplainedRestrictions,
  explainRestrictions,
} from "./explained_restrictions.ts";
import {
  type ExplainedWish,
  explainWish,
  type WishOptions,
} from "./explained_wish.ts";
import { nameOf, type Pod } from "./pod.ts";
import { decide, type Decision, type Policy } from "./policy.ts";
import type { Reason } from "./reason.ts";
import type { Claim, PlacedPod, Subject } from "./subject.ts";

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
  ...IAM_REASONS,
];

/**
 * Reasons that arise where an explanation does not look: in a running daemon's state, in a
 * request's path.
 */
export const UNEXPLAINED_REASONS: readonly Reason[] = [
  "stale",
  "account-mismatch",
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

/** What made a pod. */
export interface ExplainedController {
  /** Kind, such as `Deployment`. */
  readonly kind: string;
  /** Name. */
  readonly name: string;
}

/** The account annotation of a controller, where its pods do not get it. */
export interface ExplainedMisplacement extends ExplainedController {
  /** Where it is, such as `metadata.annotations`. */
  readonly at: string;
  /** Where it has to be, such as `spec.template.metadata.annotations`. */
  readonly belongsAt: string;
}

/** What a pod gets and why: plain data, as `-o json` prints it. */
export interface Explanation {
  /** What was asked about: `namespace/name` or an address. */
  readonly asked: string;
  /** The pod; `undefined` if the address has none that can be told from others. */
  readonly pod: ExplainedPod | undefined;
  /** What made the pod, the nearest first, as far as it was read. */
  readonly controllers: readonly ExplainedController[];
  /** The annotation on a controller, looked for if the pod has none; `undefined` if none was found. */
  readonly misplaced: ExplainedMisplacement | undefined;
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
  /** What IAM said; `undefined` if the policy refuses already. */
  readonly iam: ExplainedIam | undefined;
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
  /** What made the pod, the nearest first; none if left out. */
  readonly owners?: readonly OwnerRef[];
  /** The one whose template counts, if that is known. */
  readonly outermost?: OwnerRef | undefined;
  /** The controller that has the annotations that the pod should have, if any. */
  readonly misplaced?: Controller | undefined;
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
  const wanted = pod && describeWanted(pod, options);
  return {
    asked: subject.asked,
    pod: placed && describePod(placed),
    controllers: (options.owners ?? []).map(({ kind, name }) => ({
      kind,
      name,
    })),
    misplaced: describeMisplaced(options.misplaced),
    claims: subject.claims.map(describeClaim),
    wish,
    restrictions: wish && explainRestrictions(wish, options),
    decision,
    enforced,
    advice: refused && advise(refused.reason, { pod, wish, options }),
    notes: [
      ...subject.notes,
      ...(decision.outcome === "allow" && wanted !== undefined ? [wanted] : []),
      ...options.notes,
    ],
    unchecked: decision.outcome === "allow"
      ? [...UNEXPLAINED_REASONS, ...IAM_REASONS]
      : [],
    iam: undefined,
  };
}

/** Puts in what is only assumed of the annotations. */
function assume(pod: Pod, { assumed }: WishOptions): Pod {
  return {
    ...pod,
    accountAnnotation: assumed.account ?? pod.accountAnnotation,
    scopesAnnotation: assumed.scopes ?? pod.scopesAnnotation,
    misspeltKey: assumed.account === undefined ? pod.misspeltKey : undefined,
  };
}

/** Tells of a pod that gets the default account, and was probably meant to have another. */
function describeWanted(
  pod: Pod,
  options: ExplainOptions,
): string | undefined {
  const { misplaced } = options;
  if (pod.misspeltKey === undefined && misplaced?.misplaced === undefined) {
    return undefined;
  }
  const advice = advise("no-account", { pod, wish: undefined, options });
  return `The default account is probably not what is meant: ${advice}`;
}

function describeMisplaced(
  controller: Controller | undefined,
): ExplainedMisplacement | undefined {
  if (controller?.misplaced === undefined) return undefined;
  const { type, name, misplaced } = controller;
  return {
    kind: type.kind,
    name,
    at: misplaced.at,
    belongsAt: templateAnnotations(type),
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
  const { outermost, misplaced: controller } = options;
  if (reason === "no-account" && controller?.misplaced !== undefined) {
    return adviseToMove(controller, controller.misplaced);
  }
  const context: AdviceContext = {
    keys: options.keys,
    namespace: pod?.namespace ?? "NAMESPACE",
    allowList: options.namespace,
    account: wish?.account.value,
    nodeAccount: options.nodeAccount,
    misspeltKey: pod?.misspeltKey,
    controller: outermost && `${outermost.kind} ${outermost.name}`,
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
