import { isAccountEmail } from "../../core/account.ts";
import { isRecord } from "../../core/record.ts";
import { V1 } from "../../core/route.ts";
import type { AskUpstream } from "../../core/upstream.ts";
import { failed, type Finding, notChecked, ok } from "./finding.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const SERVER = "metadata server";
const ACCOUNT = "node account";
const SCOPES = "node scopes";

/** Scopes that the IAM Credentials API takes, either of them. */
const GOOD_SCOPES = [
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/iam",
];

/** What to do where the node's scopes are too narrow. */
export const SCOPES_FIX =
  "Make a node pool with the scope cloud-platform: gcloud container node-pools create POOL --cluster=CLUSTER --scopes=cloud-platform";

/** What the metadata server says of the node. */
export interface NodeFacts {
  /** Project. */
  readonly projectId: string | undefined;
  /** E-mail of the node's account; `undefined` for a node without one. */
  readonly account: string | undefined;
  /** Scopes of its tokens. */
  readonly scopes: readonly string[];
}

/**
 * Asks the metadata server about the node.
 *
 * @param ask Asks it.
 * @param signal Ends the requests.
 */
export async function readNodeFacts(
  ask: AskUpstream,
  signal: AbortSignal,
): Promise<NodeFacts> {
  const [project, account] = await Promise.all([
    ask({ path: `${V1}project/project-id` }, signal),
    ask({
      path: `${V1}instance/service-accounts/default/`,
      query: new Map([["recursive", "true"]]),
    }, signal),
  ]);
  const facts = account.status === 200 ? JSON.parse(account.body) : {};
  if (account.status !== 200 && account.status !== 404) {
    throw new Error(`The metadata server answers ${account.status}`);
  }
  const email: unknown = isRecord(facts) ? facts["email"] : undefined;
  const scopes: unknown = isRecord(facts) ? facts["scopes"] : undefined;
  return {
    projectId: project.status === 200 ? project.body.trim() : undefined,
    account: typeof email === "string" && isAccountEmail(email)
      ? email
      : undefined,
    scopes: Array.isArray(scopes) ? scopes.map(String) : [],
  };
}

/**
 * Judges whether the metadata server has what the daemon needs.
 *
 * @param facts What it says.
 * @param google Where it is, and whether the node's own account calls IAM.
 */
export function judgeMetadataServer(
  facts: Outcome<NodeFacts>,
  { address, credentials }: {
    readonly address: string;
    readonly credentials: "metadata" | "adc";
  },
): readonly Finding[] {
  if (facts.kind !== "got") {
    const reason = "the metadata server is not reached";
    return [
      failed(
        SERVER,
        `${address}: ${describeMiss(facts)}`,
        "Run doctor on a node, such as by kubectl exec in the daemon's pod; there, see metadata.address",
      ),
      notChecked(ACCOUNT, reason),
      notChecked(SCOPES, reason),
    ];
  }
  const { projectId = "unknown", account, scopes } = facts.value;
  const server = ok(SERVER, `${address}, project ${projectId}`);
  if (credentials === "adc") {
    const reason = "google.credentials is adc";
    return [server, notChecked(ACCOUNT, reason), notChecked(SCOPES, reason)];
  }
  if (account === undefined) {
    return [
      server,
      failed(
        ACCOUNT,
        "the node has no service account",
        "Make a node pool with one: gcloud container node-pools create POOL --cluster=CLUSTER --service-account=ACCOUNT --scopes=cloud-platform",
      ),
      notChecked(SCOPES, "the node has no service account"),
    ];
  }
  const good = scopes.find((scope) => GOOD_SCOPES.includes(scope));
  return [
    server,
    ok(ACCOUNT, account),
    good === undefined
      ? failed(
        SCOPES,
        `cloud-platform is missing; there is ${scopes.join(", ") || "none"}`,
        SCOPES_FIX,
      )
      : ok(SCOPES, good),
  ];
}
