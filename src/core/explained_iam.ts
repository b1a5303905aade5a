import { type AdviceContext, adviseOn } from "./advice.ts";
import type { Explanation } from "./explanation.ts";
import type { Reason } from "./reason.ts";

/** Reasons that only a call of IAM brings up. */
export const IAM_REASONS: readonly Reason[] = ["iam-denied", "iam-unavailable"];

/** What IAM said of the account that the policy allows. */
export type ExplainedIam =
  | {
    readonly outcome: "allowed";
    /** E-mail of the account that asked, if known. */
    readonly caller: string | undefined;
  }
  | {
    readonly outcome: "refused";
    /** E-mail of the account that asked, if known. */
    readonly caller: string | undefined;
    /** Stable code. */
    readonly reason: Reason;
    /** One sentence without final period. */
    readonly message: string;
  }
  | {
    /** IAM does not take the scopes; the pod's requests fail without a code. */
    readonly outcome: "rejected";
    /** One sentence without final period. */
    readonly message: string;
  }
  | {
    readonly outcome: "not-asked";
    /** Why. */
    readonly message: string;
  };

/**
 * Puts into an explanation what IAM said: a refusal is the decision then.
 *
 * @param explanation Of a pod that the policy allows an account.
 * @param iam What IAM said.
 * @param context What advice can name; the account and the one that asked are put in.
 */
export function withIam(
  explanation: Explanation,
  iam: ExplainedIam,
  context: AdviceContext,
): Explanation {
  const { decision } = explanation;
  if (decision.outcome === "deny" || iam.outcome === "not-asked") {
    return { ...explanation, iam };
  }
  if (iam.outcome === "refused") {
    const { reason, message } = iam;
    return {
      ...explanation,
      decision: { outcome: "deny", reason, message },
      advice: adviseOn(reason, { ...context, account: decision.account }),
      unchecked: [],
      iam,
    };
  }
  const unchecked = explanation.unchecked.filter((reason) =>
    !IAM_REASONS.includes(reason)
  );
  return { ...explanation, unchecked, iam };
}
