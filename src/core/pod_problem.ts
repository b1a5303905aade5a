import { type AdviceContext, adviseOn } from "./advice.ts";
import type { AllowList } from "./allow_list.ts";
import type { MisspeltKey } from "./annotation_key.ts";
import type { Caller } from "./caller.ts";
import { TOKEN_CREATOR } from "./iam_role.ts";
import { isLive } from "./pod.ts";
import type { Decision } from "./policy.ts";
import type { Reason } from "./reason.ts";

/** Why a pod gets no token, or would get none, in the words of a Kubernetes Event. */
export interface PodProblem {
  /** Reason of the Event. */
  readonly event:
    | "ServiceAccountDenied"
    | "ServiceAccountWouldBeDenied"
    | "AnnotationMalformed"
    | "NotIntercepted"
    | "TokenRefused";
  /** Stable code. */
  readonly reason: Reason;
  /** Account that it is about, or empty. */
  readonly account: string;
  /** What is wrong and what to change. Names nothing but the pod's own. */
  readonly note: string;
}

/** Keys of the annotations. */
export type Keys = AdviceContext["keys"];

/** Enough of an allow-list to see what is wrong with it. */
const MAX_PATTERNS_TEXT = 300;

/** Refusals that lie in the annotations of pod and namespace, and stay until those change. */
const LASTING: ReadonlyMap<Reason, PodProblem["event"]> = new Map([
  ["account-malformed", "AnnotationMalformed"],
  ["scopes-malformed", "AnnotationMalformed"],
  ["namespace-denied", "ServiceAccountDenied"],
  ["namespace-list-malformed", "ServiceAccountDenied"],
]);

/**
 * Finds what is wrong with a pod that asks for an account by its annotations, before it
 * has asked for a token.
 *
 * @param caller The pod.
 * @param decision What was decided for it.
 * @param keys Keys of the annotations.
 * @returns Nothing for a pod that asks for nothing, and for what passes by itself.
 */
export function findProblem(
  caller: Caller,
  decision: Decision,
  keys: Keys,
): PodProblem | undefined {
  const { pod } = caller;
  const { misspeltKey } = pod;
  const wanted = pod.accountAnnotation ?? misspeltKey ?? pod.scopesAnnotation;
  if (wanted === undefined || !isLive(pod)) return undefined;
  const account = pod.accountAnnotation?.trim() ?? "";
  if (pod.hostNetwork) {
    return describe(caller, keys, {
      event: "NotIntercepted",
      reason: "host-network",
      account,
      message:
        "The pod uses the node's network, so that its service account annotation has no effect",
    });
  }
  if (misspeltKey !== undefined) {
    return describeMisspelt(caller, keys, misspeltKey);
  }
  if (decision.outcome === "deny") {
    const { reason, message } = decision;
    const event = LASTING.get(reason);
    return event && describe(caller, keys, { event, reason, account, message });
  }
  const reason = decision.wouldDeny;
  return reason === undefined || !LASTING.has(reason)
    ? undefined
    : describe(caller, keys, {
      event: "ServiceAccountWouldBeDenied",
      reason,
      account: decision.account,
      message:
        `The mode enforce would refuse ${decision.account}, for the namespace's allow-list does not allow it`,
    });
}

/**
 * Describes the refusal of a pod that asked for a token and has no annotation, or one whose
 * key is misspelt.
 *
 * @param caller The pod.
 * @param message What it was told.
 * @param keys Keys of the annotations.
 */
export function describeNoAccount(
  caller: Caller,
  message: string,
  keys: Keys,
): PodProblem {
  const { misspeltKey } = caller.pod;
  if (misspeltKey !== undefined) {
    return describeMisspelt(caller, keys, misspeltKey);
  }
  return describe(caller, keys, {
    event: "ServiceAccountDenied",
    reason: "no-account",
    account: "",
    message,
  });
}

/** The same before and after the pod has asked, so that it is one Event. */
function describeMisspelt(
  caller: Caller,
  keys: Keys,
  { found, meant }: MisspeltKey,
): PodProblem {
  return describe(caller, keys, {
    event: "AnnotationMalformed",
    reason: "no-account",
    account: "",
    message: `The pod has the annotation ${found}, where ${meant} was ` +
      "probably meant, and so no account of its own",
  });
}

/**
 * Describes that IAM refuses the account of a pod.
 *
 * @param account E-mail of the account.
 */
export function describeIamRefusal(account: string): PodProblem {
  return {
    event: "TokenRefused",
    reason: "iam-denied",
    account,
    note:
      `IAM does not let the node act as ${account} [iam-denied]. The account has to exist, and the node's account needs ${TOKEN_CREATOR} on it`,
  };
}

function describe(
  { pod, namespace }: Caller,
  keys: Keys,
  { message, ...problem }: Omit<PodProblem, "note"> & {
    readonly message: string;
  },
): PodProblem {
  const advice = adviseOn(problem.reason, {
    keys,
    namespace: pod.namespace,
    allowList: namespace,
    account: problem.account || undefined,
    misspeltKey: pod.misspeltKey,
  });
  const patterns = problem.reason === "namespace-denied"
    ? describePatterns(namespace)
    : "";
  return {
    ...problem,
    note:
      `${message}${patterns} [${problem.reason}]. To change that: ${advice}`,
  };
}

function describePatterns(list: AllowList | undefined): string {
  if (list?.kind !== "patterns") return "";
  const text = JSON.stringify(list.patterns.map(({ source }) => source));
  const shown = text.length > MAX_PATTERNS_TEXT
    ? `${text.slice(0, MAX_PATTERNS_TEXT)}…`
    : text;
  return ` (its patterns: ${shown})`;
}
