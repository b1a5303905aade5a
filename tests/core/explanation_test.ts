import assert from "node:assert/strict";
import { type AllowList, parseAllowList } from "../../src/core/allow_list.ts";
import {
  explain,
  type ExplainOptions,
  type Explanation,
  MAX_HOLDERS,
  UNEXPLAINED_REASONS,
} from "../../src/core/explanation.ts";
import { IAM_REASONS } from "../../src/core/explained_iam.ts";
import type { Glob } from "../../src/core/glob.ts";
import { MAX_PATTERNS } from "../../src/core/explained_restrictions.ts";
import { MAX_WORDS } from "../../src/core/explained_wish.ts";
import type { Pod } from "../../src/core/pod.ts";
import { decide, type Policy } from "../../src/core/policy.ts";
import { findSubject } from "../../src/core/subject.ts";
import { createPod } from "./pods.ts";

const APP = "app@demo-proj.iam.gserviceaccount.com";
const NODE = "node@demo-proj.iam.gserviceaccount.com";
const CLOUD = "https://www.googleapis.com/auth/cloud-platform";

const POLICY: Policy = {
  defaultAccount: { kind: "account", account: NODE },
  defaultScopes: [CLOUD],
  restrictions: "enforce",
};

const OPTIONS: ExplainOptions = {
  policy: POLICY,
  keys: {
    serviceAccount: "iam/account",
    scopes: "iam/scopes",
    allowedServiceAccounts: "iam/allowed",
  },
  assumed: { account: undefined, scopes: undefined },
  origins: { serviceAccount: "default", scopes: "default" },
  modeOrigin: "default",
  namespace: parseAllowList("[]"),
  nodeAccount: undefined,
  notes: [],
};

function explainPod(
  pod: Pod,
  options: Partial<ExplainOptions> = {},
): Explanation {
  const subject = findSubject({
    kind: "pod",
    placed: { pod, node: "node-1" },
    neighbours: [],
  });
  return explain(subject, { ...OPTIONS, ...options });
}

const ACCOUNTS = [undefined, APP, NODE, "", "default"];
const SCOPES = [undefined, "cloud-platform", "storage-ro", "<x>"];
const DEFAULTS: readonly Policy["defaultAccount"][] = [
  { kind: "none" },
  { kind: "unresolved" },
  { kind: "account", account: NODE },
];
const MODES = ["off", "report", "enforce"] as const;
const LISTS: readonly (AllowList | undefined)[] = [
  undefined,
  ...[undefined, "{}", "[]", '["app@*"]', '["*"]'].map(parseAllowList),
];

/** Every pod, policy and namespace that differ in what they lead to. */
function* situations(): Generator<
  { pod: Pod; policy: Policy; namespace: AllowList | undefined }
> {
  for (const accountAnnotation of ACCOUNTS) {
    for (const scopesAnnotation of SCOPES) {
      const pod = createPod({ accountAnnotation, scopesAnnotation });
      for (const defaultAccount of DEFAULTS) {
        for (const restrictions of MODES) {
          const policy = { ...POLICY, defaultAccount, restrictions };
          for (const namespace of LISTS) yield { pod, policy, namespace };
        }
      }
    }
  }
}

Deno.test("explain() decides what the policy decides, and what enforce would", () => {
  let count = 0;
  for (const { pod, policy, namespace } of situations()) {
    const { decision, enforced, advice } = explainPod(pod, {
      policy,
      namespace,
    });
    const isNamespaceMissing = policy.restrictions === "enforce" &&
      namespace === undefined;
    if (isNamespaceMissing) {
      assert.equal(Reflect.get(decision, "reason"), "not-synced");
    } else {
      assert.deepEqual(decision, decide(policy, pod, namespace));
    }
    const strict = decide(
      { ...policy, restrictions: "enforce" },
      pod,
      namespace,
    );
    const wouldDeny = decision.outcome === "allow" &&
      policy.restrictions === "report" && strict.outcome === "deny";
    assert.deepEqual(enforced, wouldDeny ? strict : undefined);
    const isFine = decision.outcome === "allow" && !wouldDeny;
    assert.equal(advice === undefined, isFine);
    count += 1;
  }
  assert.equal(count, 5 * 4 * 3 * 3 * 6);
});

Deno.test("explain() says of the namespace what the decision rests on", () => {
  for (const { pod, policy, namespace } of situations()) {
    if (policy.restrictions === "off" || namespace === undefined) continue;
    const { decision, enforced, restrictions } = explainPod(pod, {
      policy,
      namespace,
    });
    const refused = decision.outcome === "deny" ? decision : enforced;
    const expected = refused === undefined
      ? ["exempt", "matched"]
      : refused.reason === "namespace-denied"
      ? ["unmatched", "absent"]
      : refused.reason === "namespace-list-malformed"
      ? ["malformed"]
      : ["not-evaluated"];
    assert.ok(expected.includes(restrictions?.verdict ?? ""));
  }
});

Deno.test("explain() tells where account and scopes come from", () => {
  const annotated = createPod({
    accountAnnotation: ` ${APP} `,
    scopesAnnotation: "storage-ro",
  });
  const { wish } = explainPod(annotated);
  assert.deepEqual(wish?.account, {
    value: APP,
    given: ` ${APP} `,
    source: "annotation",
    from: "iam/account",
  });
  assert.equal(wish.scopes.from, "iam/scopes");
  const assumed = explainPod(annotated, {
    assumed: { account: NODE, scopes: "cloud-platform" },
  });
  assert.equal(assumed.wish?.account.value, NODE);
  assert.equal(assumed.wish.account.from, "--account");
  assert.deepEqual(assumed.wish.scopes.value, [CLOUD]);
  const plain = explainPod(createPod(), {
    origins: { serviceAccount: "c.yaml:1", scopes: "--default-scopes" },
  });
  assert.deepEqual(plain.wish?.account, {
    value: NODE,
    source: "default",
    from: "defaults.serviceAccount (c.yaml:1)",
    given: undefined,
  });
  assert.equal(plain.wish.scopes.from, "defaults.scopes (--default-scopes)");
});

Deno.test("explain() bounds whatever somebody else wrote", () => {
  const patterns = Array.from({ length: 100 }, () => `x${"y".repeat(300)}`);
  const words = Array.from({ length: 50 }, () => "<>").join(",");
  const long = "z".repeat(4_000);
  const { restrictions } = explainPod(createPod({ accountAnnotation: APP }), {
    namespace: { kind: "patterns", patterns: patternsOf(patterns) },
  });
  assert.equal(restrictions?.unmatched.length, MAX_PATTERNS);
  assert.equal(restrictions.unmatchedCount, 100);
  assert.equal(restrictions.unmatched[0]?.pattern.length, 201);
  const { wish } = explainPod(
    createPod({ accountAnnotation: long, scopesAnnotation: words }),
  );
  assert.equal(wish?.malformedScopes.length, MAX_WORDS);
  assert.equal(wish.account.given, `${"z".repeat(200)}…`);
  const holders = Array.from({ length: 30 }, (_, index) => ({
    pod: createPod({ uid: `uid-${index}` }),
    node: "node-1",
  }));
  const { claims } = explain(
    findSubject({ kind: "address", address: "10.0.0.5", holders }),
    OPTIONS,
  );
  assert.equal(claims[0]?.holders.length, MAX_HOLDERS);
  assert.equal(claims[0].holderCount, 30);
});

Deno.test("explain() names the reasons that it does not look at, where it allows", () => {
  assert.deepEqual(
    explainPod(createPod()).unchecked,
    [...UNEXPLAINED_REASONS, ...IAM_REASONS],
  );
  assert.deepEqual(
    explainPod(createPod({ accountAnnotation: "" })).unchecked,
    [],
  );
});

Deno.test("explain() tells of a misspelt key, unless an account is assumed in its place", () => {
  const misspeltKey = { found: "iam/acount", meant: "iam/account" };
  const pod = createPod({ misspeltKey });
  const policy: Policy = { ...POLICY, defaultAccount: { kind: "none" } };
  const { wish, advice } = explainPod(pod, { policy });
  assert.deepEqual(wish?.misspeltKey, misspeltKey);
  assert.match(advice ?? "", /^Rename iam\/acount to iam\/account in /);
  const allowed = explainPod(pod);
  assert.equal(allowed.advice, undefined);
  assert.match(
    allowed.notes.join(),
    /^The default account is probably not .*: Rename iam\/acount /,
  );
  const assumed = explainPod(pod, {
    policy: { ...POLICY, restrictions: "off" },
    assumed: { account: APP, scopes: undefined },
  });
  assert.equal(assumed.wish?.misspeltKey, undefined);
  assert.deepEqual(assumed.notes, []);
});

Deno.test("explain() names the controller whose template counts, once that is known", () => {
  const policy: Policy = { ...POLICY, defaultAccount: { kind: "none" } };
  const owner = { kind: "Deployment", group: "apps", name: "web", uid: "u" };
  const owners = [owner];
  const known = explainPod(createPod(), { policy, owners, outermost: owner });
  assert.deepEqual(known.controllers, [{ kind: "Deployment", name: "web" }]);
  assert.match(
    known.advice ?? "",
    /^Annotate the pod template of its Deployment web with iam\/account/,
  );
  const unknown = explainPod(createPod(), { policy, owners });
  assert.match(
    unknown.advice ?? "",
    /^Annotate the pod, or the template of its controller/,
  );
});

function patternsOf(patterns: readonly string[]): readonly Glob[] {
  const list = parseAllowList(JSON.stringify(patterns));
  assert.equal(list.kind, "patterns");
  return list.kind === "patterns" ? list.patterns : [];
}
