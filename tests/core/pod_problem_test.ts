import assert from "node:assert/strict";
import { parseAllowList } from "../../src/core/allow_list.ts";
import type { Caller } from "../../src/core/caller.ts";
import type { Pod } from "../../src/core/pod.ts";
import {
  describeIamRefusal,
  describeNoAccount,
  findProblem,
  type PodProblem,
} from "../../src/core/pod_problem.ts";
import { decide, type Policy } from "../../src/core/policy.ts";
import { createPod } from "./pods.ts";

const APP = "app@demo-proj.iam.gserviceaccount.com";
const KEYS = {
  serviceAccount: "iam/account",
  scopes: "iam/scopes",
  allowedServiceAccounts: "iam/allowed",
};
const POLICY: Policy = {
  defaultAccount: { kind: "none" },
  defaultScopes: ["https://www.googleapis.com/auth/cloud-platform"],
  restrictions: "enforce",
};

const MISSPELT = { found: "iam/acount", meant: "iam/account" };
const MISSPELT_PROBLEM: PodProblem = {
  event: "AnnotationMalformed",
  reason: "no-account",
  account: "",
  note:
    "The pod has the annotation iam/acount, where iam/account was probably meant, and so no account of its own [no-account]. To change that: Rename iam/acount to iam/account in the annotations of the pod, or the template of its controller (not the controller itself)",
};

function problemOf(
  pod: Partial<Pod>,
  { list, policy = POLICY }: {
    readonly list?: string;
    readonly policy?: Policy;
  } = {},
): PodProblem | undefined {
  const caller: Caller = {
    pod: createPod({ accountAnnotation: APP, ...pod }),
    namespace: parseAllowList(list),
  };
  return findProblem(
    caller,
    decide(policy, caller.pod, caller.namespace),
    KEYS,
  );
}

Deno.test("findProblem() tells what is wrong and what to change", async (t) => {
  const cases: Record<string, [PodProblem | undefined, PodProblem]> = {
    "an account that no pattern matches": [
      problemOf({}, { list: '["shop-*@*","x@y.z"]' }),
      {
        event: "ServiceAccountDenied",
        reason: "namespace-denied",
        account: APP,
        note:
          `No pattern of the namespace's allow-list matches ${APP} (its patterns: ["shop-*@*","x@y.z"]) [namespace-denied]. To change that: kubectl annotate --overwrite namespace default 'iam/allowed=["shop-*@*","x@y.z","${APP}"]'`,
      },
    ],
    "a list that is none": [
      problemOf({}, { list: "{}" }),
      {
        event: "ServiceAccountDenied",
        reason: "namespace-list-malformed",
        account: APP,
        note:
          `The namespace's allow-list must be a JSON array of strings [namespace-list-malformed]. To change that: kubectl annotate --overwrite namespace default 'iam/allowed=["${APP}"]'`,
      },
    ],
    "an e-mail that is none": [
      problemOf({ accountAnnotation: "App" }),
      {
        event: "AnnotationMalformed",
        reason: "account-malformed",
        account: "App",
        note:
          "The pod's service account annotation must be the e-mail of a Google service account [account-malformed]. To change that: Set iam/account to the e-mail of a Google service account, such as app@PROJECT.iam.gserviceaccount.com",
      },
    ],
    "scopes that are none": [
      problemOf({ scopesAnnotation: "ftp://x" }),
      {
        event: "AnnotationMalformed",
        reason: "scopes-malformed",
        account: APP,
        note:
          "The pod's scopes annotation must be a comma-separated list of OAuth scopes, of at most 4,096 characters [scopes-malformed]. To change that: Set iam/scopes to scopes separated by commas, such as cloud-platform, or remove it",
      },
    ],
    "the node's network": [
      problemOf({ hostNetwork: true }),
      {
        event: "NotIntercepted",
        reason: "host-network",
        account: APP,
        note:
          "The pod uses the node's network, so that its service account annotation has no effect [host-network]. To change that: Run the pod without hostNetwork, or give the node's own account what it needs",
      },
    ],
    "a misspelt key": [
      problemOf({ accountAnnotation: undefined, misspeltKey: MISSPELT }),
      MISSPELT_PROBLEM,
    ],
    "a misspelt key of a pod that gets the default account": [
      problemOf({ accountAnnotation: undefined, misspeltKey: MISSPELT }, {
        policy: {
          ...POLICY,
          defaultAccount: { kind: "account", account: APP },
        },
      }),
      MISSPELT_PROBLEM,
    ],
    "what enforce would refuse": [
      problemOf({}, {
        list: "[]",
        policy: { ...POLICY, restrictions: "report" },
      }),
      {
        event: "ServiceAccountWouldBeDenied",
        reason: "namespace-denied",
        account: APP,
        note:
          `The mode enforce would refuse ${APP}, for the namespace's allow-list does not allow it (its patterns: []) [namespace-denied]. To change that: kubectl annotate --overwrite namespace default 'iam/allowed=["${APP}"]'`,
      },
    ],
  };
  for (const [name, [actual, expected]] of Object.entries(cases)) {
    await t.step(name, () => assert.deepEqual(actual, expected));
  }
});

Deno.test("findProblem() puts the node's network before a misspelt key", () => {
  const problem = problemOf({
    accountAnnotation: undefined,
    misspeltKey: MISSPELT,
    hostNetwork: true,
  });
  assert.equal(problem?.event, "NotIntercepted");
});

Deno.test("describeNoAccount() makes one Event of a misspelt key, before and after the pod asks", () => {
  const pod = createPod({ misspeltKey: MISSPELT });
  const caller = { pod, namespace: undefined };
  assert.deepEqual(describeNoAccount(caller, "told", KEYS), MISSPELT_PROBLEM);
});

Deno.test("findProblem() has nothing to say of what is fine, asks for nothing, or passes", () => {
  const list = `["${APP}"]`;
  assert.equal(problemOf({}, { list }), undefined);
  assert.equal(problemOf({ phase: "Succeeded" }), undefined);
  assert.equal(problemOf({ accountAnnotation: undefined }), undefined);
  assert.equal(
    problemOf({ accountAnnotation: undefined, hostNetwork: true }),
    undefined,
  );
  // The node's own account is not known yet.
  assert.equal(
    problemOf({ accountAnnotation: undefined, scopesAnnotation: "openid" }, {
      policy: { ...POLICY, defaultAccount: { kind: "unresolved" } },
    }),
    undefined,
  );
  // Its namespace is not known yet.
  const pod = createPod({ accountAnnotation: APP });
  assert.equal(
    findProblem(
      { pod, namespace: undefined },
      decide(POLICY, pod, undefined),
      KEYS,
    ),
    undefined,
  );
});

Deno.test("findProblem() shows the beginning of a long list", () => {
  const list = JSON.stringify(Array.from({ length: 1_000 }, (_, i) => `p${i}`));
  const { note = "" } = problemOf({}, { list }) ?? {};
  assert.match(
    note,
    /\(its patterns: \["p0","p1",[^ ]{270,290}…\) \[namespace-denied\]/,
  );
});

Deno.test("describeNoAccount() and describeIamRefusal() name the pod's own, and no node", () => {
  const caller = { pod: createPod(), namespace: undefined };
  assert.equal(
    describeNoAccount(caller, "No annotation", KEYS).note,
    "No annotation [no-account]. To change that: Annotate the pod, or the template of its controller (not the controller itself), with iam/account, or configure defaults.serviceAccount",
  );
  assert.equal(
    describeIamRefusal(APP).note,
    `IAM does not let the node act as ${APP} [iam-denied]. The account has to exist, and the node's account needs roles/iam.serviceAccountTokenCreator on it`,
  );
});
