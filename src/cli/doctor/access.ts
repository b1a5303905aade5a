import type { AccessRight, AccessUse } from "../../core/daemon_access.ts";
import { isRecord } from "../../core/record.ts";
import type { ApiClient } from "../../kubernetes/api_client.ts";
import { failed, type Finding, notChecked, ok, warning } from "./finding.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const NAME = "RBAC";
const FIX = "Apply the ClusterRole and ClusterRoleBinding of the manifests " +
  "again: kubectl apply -k deploy/kustomize/base";

/** A right, and whether this account has it. */
export interface AnsweredRight {
  /** The right. */
  readonly right: AccessRight;
  /** Whether it is given. */
  readonly isAllowed: boolean;
}

/**
 * Asks the API server which rights this account has, in all namespaces.
 *
 * @param rights Which ones.
 * @param api Asks it.
 * @param signal Ends the requests.
 * @returns One answer each, in the same order.
 */
export function reviewAccess(
  rights: readonly AccessRight[],
  api: ApiClient,
  signal: AbortSignal,
): Promise<readonly AnsweredRight[]> {
  return Promise.all(rights.map(async (right) => {
    const { group, resource, verb } = right;
    const review = await api.send({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { group, resource, verb } },
      },
    }, signal);
    const status = isRecord(review) ? review["status"] : undefined;
    const allowed = isRecord(status) ? status["allowed"] : undefined;
    if (typeof allowed !== "boolean") {
      throw new Error("The API server sent an access review of unknown form");
    }
    return { right, isAllowed: allowed };
  }));
}

/**
 * Judges whether the daemon's account may do what the daemon does.
 *
 * @param answers What the API server says of each right.
 * @param uses What the configuration makes use of.
 */
export function judgeAccess(
  answers: Outcome<readonly AnsweredRight[]>,
  uses: Readonly<Record<AccessUse, boolean>>,
): readonly Finding[] {
  if (answers.kind !== "got") {
    return [
      notChecked(
        NAME,
        describeMiss(answers, "create selfsubjectaccessreviews"),
      ),
    ];
  }
  const missing = answers.value.filter(({ isAllowed }) => !isAllowed);
  if (missing.length === 0) {
    return [ok(NAME, answers.value.map(describe).join(", "))];
  }
  return missing.map((answer) =>
    uses[answer.right.use]
      ? failed(NAME, `this account may not ${describe(answer)}`, FIX)
      : warning(
        NAME,
        `this account may not ${
          describe(answer)
        }, which this configuration does not need`,
        FIX,
      )
  );
}

function describe({ right: { verb, resource, group } }: AnsweredRight): string {
  return `${verb} ${resource}${group === "" ? "" : `.${group}`}`;
}
