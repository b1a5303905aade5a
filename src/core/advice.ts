import type { AllowList } from "./allow_list.ts";
import type { MisspeltKey } from "./annotation_key.ts";
import { grantCommand } from "./iam_role.ts";
import type { Reason } from "./reason.ts";

/** What advice can name; for operators, never for pods. */
export interface AdviceContext {
  /** Keys of the annotations. */
  readonly keys: {
    /** On pods: the account. */
    readonly serviceAccount: string;
    /** On pods: the scopes. */
    readonly scopes: string;
    /** On namespaces: the accounts that their pods may use. */
    readonly allowedServiceAccounts: string;
  };
  /** Namespace of the pod. */
  readonly namespace: string;
  /** Its allow-list, if known. */
  readonly allowList?: AllowList | undefined;
  /** Account that the pod wants, if that is known. */
  readonly account?: string | undefined;
  /** E-mail of the node's own account, if known. */
  readonly nodeAccount?: string | undefined;
  /** Key of the pod that was probably meant for the account, if it has one. */
  readonly misspeltKey?: MisspeltKey | undefined;
  /** What made the pod, such as `Deployment cart`, if that is known. */
  readonly controller?: string | undefined;
}

/**
 * Tells an operator what to change so that a pod gets its token.
 *
 * @param reason Why it gets none.
 * @param context What can be named.
 * @returns One sentence or command, without a final period.
 */
export function adviseOn(reason: Reason, context: AdviceContext): string {
  return ADVICE[reason](context);
}

const ADVICE: Readonly<Record<Reason, (context: AdviceContext) => string>> = {
  "unknown-caller": () =>
    "See whether a running pod of this node has the address, and whether the daemon hears of the API server (readyz)",
  "ambiguous-caller": () =>
    "Delete all but one of the pods that have the address",
  "host-network": () =>
    "Run the pod without hostNetwork, or give the node's own account what it needs",
  "not-synced": () =>
    "Wait for the daemon to list the pods; if it does not, see whether it reaches the API server (saassigner doctor)",
  "stale": () => "See why the daemon hears nothing of the API server",
  "no-account": ({ keys, misspeltKey, controller }) => {
    const place = controller === undefined
      ? "the pod, or the template of its controller (not the controller itself),"
      : `the pod template of its ${controller}`;
    return misspeltKey === undefined
      ? `Annotate ${place} with ${keys.serviceAccount}, or configure defaults.serviceAccount`
      : `Rename ${misspeltKey.found} to ${misspeltKey.meant} in the annotations of ${
        place.replace(/,$/, "")
      }`;
  },
  "account-malformed": ({ keys }) =>
    `Set ${keys.serviceAccount} to the e-mail of a Google service account, such as app@PROJECT.iam.gserviceaccount.com`,
  "scopes-malformed": ({ keys }) =>
    `Set ${keys.scopes} to scopes separated by commas, such as cloud-platform, or remove it`,
  "namespace-denied": (context) => allowCommand(context),
  "namespace-list-malformed": (context) => allowCommand(context),
  "account-mismatch": () =>
    "Have the client ask for the account default, or for the one that the pod is annotated with",
  "iam-denied": ({ account = "ACCOUNT", nodeAccount = "NODE_ACCOUNT" }) =>
    grantCommand(account, nodeAccount),
  "iam-unavailable": () =>
    "Try again; if it lasts, see whether the node reaches the IAM Credentials API (saassigner doctor)",
  "node-credentials": () =>
    "See whether the node's account and its cloud-platform scope are there (saassigner doctor)",
  "overload": () => "Have the pod keep its tokens until they end",
};

/** Codes that there is advice on. */
export const ADVISED_REASONS: readonly string[] = Object.keys(ADVICE);

/** The list as it should be: what is well-formed in it stays. */
function allowCommand(
  { keys, namespace, allowList, account = "ACCOUNT" }: AdviceContext,
): string {
  const patterns = allowList?.kind === "patterns"
    ? allowList.patterns.map(({ source }) => source)
    : [];
  const list = JSON.stringify([...patterns, account]);
  const quoted = `${keys.allowedServiceAccounts}=${list}`
    .replaceAll("'", `'\\''`);
  return `kubectl annotate --overwrite namespace ${namespace} '${quoted}'`;
}
