import assert from "node:assert/strict";
import { type AllowList, parseAllowList } from "../../src/core/allow_list.ts";
import { decide, type Decision, type Policy } from "../../src/core/policy.ts";
import { REASONS } from "../../src/core/reason.ts";
import { createPod } from "./pods.ts";

const DEFAULT = "node@demo-proj.iam.gserviceaccount.com";
const APP = "app@demo-proj.iam.gserviceaccount.com";
const AUTH = "https://www.googleapis.com/auth/";
const CLOUD = `${AUTH}cloud-platform`;
const MAIL = `${AUTH}userinfo.email`;
const STORAGE = `${AUTH}devstorage.read_only`;

const POLICY: Policy = {
  defaultAccount: { kind: "account", account: DEFAULT },
  defaultScopes: [CLOUD, MAIL],
  restrictions: "enforce",
};

const ANNOTATIONS: readonly {
  value: string | undefined;
  /** Account it asks for; `undefined` if it is malformed or missing. */
  account: string | undefined;
}[] = [
  { value: undefined, account: undefined },
  { value: APP, account: APP },
  { value: ` ${APP}\n`, account: APP },
  { value: DEFAULT, account: DEFAULT },
  { value: "", account: undefined },
  { value: " ", account: undefined },
  { value: "default", account: undefined },
  { value: APP.toUpperCase(), account: undefined },
  { value: `${APP},${DEFAULT}`, account: undefined },
  { value: `${APP}/../${DEFAULT}`, account: undefined },
];

const DEFAULT_ACCOUNTS: readonly Policy["defaultAccount"][] = [
  { kind: "none" },
  { kind: "unresolved" },
  { kind: "account", account: DEFAULT },
];

const SCOPES: readonly {
  value: string | undefined;
  scopes: readonly string[] | undefined;
  withinDefaults: boolean;
}[] = [
  { value: undefined, scopes: [CLOUD, MAIL], withinDefaults: true },
  { value: "cloud-platform", scopes: [CLOUD], withinDefaults: true },
  {
    value: " userinfo.email,\n cloud-platform userinfo.email",
    scopes: [CLOUD, MAIL],
    withinDefaults: true,
  },
  { value: "storage-ro", scopes: [STORAGE], withinDefaults: false },
  {
    value: `cloud-platform,${STORAGE}`,
    scopes: [CLOUD, STORAGE],
    withinDefaults: false,
  },
  { value: "", scopes: undefined, withinDefaults: false },
  { value: " , ", scopes: undefined, withinDefaults: false },
  { value: "cloud-platform,<x>", scopes: undefined, withinDefaults: false },
  { value: '["cloud-platform"]', scopes: undefined, withinDefaults: false },
];

const MODES: readonly Policy["restrictions"][] = ["off", "report", "enforce"];

const LISTS: readonly {
  name: string;
  list: AllowList | undefined;
  /** Accounts it allows. */
  allows: readonly string[];
  /** Why it refuses the others. */
  reason: string;
}[] = [
  { name: "not known", list: undefined, allows: [], reason: "not-synced" },
  {
    name: "absent",
    list: parseAllowList(undefined),
    allows: [],
    reason: "namespace-denied",
  },
  {
    name: "malformed",
    list: parseAllowList('["*",1]'),
    allows: [],
    reason: "namespace-list-malformed",
  },
  {
    name: "empty",
    list: parseAllowList("[]"),
    allows: [],
    reason: "namespace-denied",
  },
  {
    name: "app only",
    list: parseAllowList('["other@*", "app@*"]'),
    allows: [APP],
    reason: "namespace-denied",
  },
  {
    name: "everything",
    list: parseAllowList('["*"]'),
    allows: [APP, DEFAULT],
    reason: "",
  },
  {
    name: "ill-formed pattern",
    list: parseAllowList('["[*"]'),
    allows: [],
    reason: "namespace-denied",
  },
];

/** What the documentation promises, as one word or the account with its scopes. */
function promise(
  annotation: typeof ANNOTATIONS[number],
  defaultAccount: Policy["defaultAccount"],
  wanted: typeof SCOPES[number],
  mode: Policy["restrictions"],
  namespace: typeof LISTS[number],
): string {
  const defaultEmail = defaultAccount.kind === "account" ? DEFAULT : undefined;
  if (annotation.value !== undefined && annotation.account === undefined) {
    return "account-malformed";
  }
  const account = annotation.account ?? defaultEmail;
  if (account === undefined) {
    return defaultAccount.kind === "none" ? "no-account" : "node-credentials";
  }
  if (wanted.scopes === undefined) return "scopes-malformed";
  const isExempt = account === defaultEmail && wanted.withinDefaults;
  const isRefused = !isExempt && !namespace.allows.includes(account);
  if (mode === "enforce" && isRefused) return namespace.reason;
  const note = mode === "report" && isRefused ? ` but ${namespace.reason}` : "";
  return `${account} ${wanted.scopes.join(" ")}${note}`;
}

function describe(decision: Decision): string {
  if (decision.outcome === "deny") return decision.reason;
  const { account, scopes, wouldDeny } = decision;
  const note = wouldDeny === undefined ? "" : ` but ${wouldDeny}`;
  return `${account} ${scopes.join(" ")}${note}`;
}

Deno.test("decide() keeps its promise in every combination", async (t) => {
  for (const restrictions of MODES) {
    await t.step(restrictions, () => {
      for (const annotation of ANNOTATIONS) {
        for (const defaultAccount of DEFAULT_ACCOUNTS) {
          for (const wanted of SCOPES) {
            for (const namespace of LISTS) {
              const pod = createPod({
                accountAnnotation: annotation.value,
                scopesAnnotation: wanted.value,
              });
              const policy = { ...POLICY, defaultAccount, restrictions };
              assert.equal(
                describe(decide(policy, pod, namespace.list)),
                promise(
                  annotation,
                  defaultAccount,
                  wanted,
                  restrictions,
                  namespace,
                ),
                JSON.stringify([
                  annotation,
                  defaultAccount,
                  wanted,
                  namespace.name,
                ]),
              );
            }
          }
        }
      }
    });
  }
});

Deno.test("decide() of one pod", async (t) => {
  const plain = createPod();
  const annotated = createPod({ accountAnnotation: APP });
  const wide = createPod({ scopesAnnotation: "cloud-platform,storage-ro" });
  const absent = parseAllowList(undefined);
  const none: Policy = { ...POLICY, defaultAccount: { kind: "none" } };
  const cases = [
    {
      name: "default account within the default scopes is exempt",
      decision: decide(POLICY, plain, undefined),
      expected: `${DEFAULT} ${CLOUD} ${MAIL}`,
    },
    {
      name: "default account, asked for by its e-mail, is exempt too",
      decision: decide(
        POLICY,
        createPod({ accountAnnotation: DEFAULT }),
        absent,
      ),
      expected: `${DEFAULT} ${CLOUD} ${MAIL}`,
    },
    {
      name: "default account with wider scopes is not",
      decision: decide(POLICY, wide, absent),
      expected: "namespace-denied",
    },
    {
      name: "the node's account by its e-mail, while that is not known, is not",
      decision: decide(
        { ...POLICY, defaultAccount: { kind: "unresolved" } },
        createPod({ accountAnnotation: DEFAULT }),
        absent,
      ),
      expected: "namespace-denied",
    },
    {
      name: "no default account",
      decision: decide(none, plain, parseAllowList('["*"]')),
      expected: "no-account",
    },
    {
      name: "report serves and tells",
      decision: decide(
        { ...POLICY, restrictions: "report" },
        annotated,
        absent,
      ),
      expected: `${APP} ${CLOUD} ${MAIL} but namespace-denied`,
    },
    {
      name: "report serves while the namespace is not known",
      decision: decide(
        { ...POLICY, restrictions: "report" },
        annotated,
        undefined,
      ),
      expected: `${APP} ${CLOUD} ${MAIL} but not-synced`,
    },
    {
      name: "off does not look at the namespace",
      decision: decide(
        { ...POLICY, restrictions: "off" },
        annotated,
        undefined,
      ),
      expected: `${APP} ${CLOUD} ${MAIL}`,
    },
    {
      name: "report does not serve what is malformed",
      decision: decide(
        { ...POLICY, restrictions: "report" },
        createPod({ accountAnnotation: "default" }),
        parseAllowList('["*"]'),
      ),
      expected: "account-malformed",
    },
  ];
  for (const { name, decision, expected } of cases) {
    await t.step(name, () => assert.equal(describe(decision), expected));
  }
});

Deno.test("decide() refuses with a known reason and a sentence that repeats no malformed value", () => {
  const value = '"><script>\u0000secret';
  const pods = [
    createPod({ accountAnnotation: value }),
    createPod({ accountAnnotation: APP, scopesAnnotation: value }),
    createPod({ accountAnnotation: APP }),
  ];
  for (const pod of pods) {
    for (const { list } of LISTS) {
      const decision = decide(POLICY, pod, list);
      if (decision.outcome !== "deny") continue;
      assert(REASONS.includes(decision.reason));
      assert.match(decision.message, /^[A-Z][\x20-\x7e]+$/);
      assert(!decision.message.includes("secret"));
    }
  }
});

Deno.test("decide() names a misspelt key where there is no account, and nowhere else", () => {
  const misspeltKey = { found: "iam/acount", meant: "iam/account" };
  const pod = createPod({ misspeltKey });
  const none: Policy = { ...POLICY, defaultAccount: { kind: "none" } };
  assert.deepEqual(decide(none, pod, undefined), {
    outcome: "deny",
    reason: "no-account",
    message:
      "The pod has no service account annotation and there is no default account; it has iam/acount, did you mean iam/account?",
  });
  assert.deepEqual(
    decide(POLICY, pod, undefined),
    decide(POLICY, createPod(), undefined),
  );
});

Deno.test("decide() sees an edited annotation at the next call", () => {
  const list = parseAllowList('["app@*"]');
  const pod = createPod({ accountAnnotation: APP });
  assert.equal(decide(POLICY, pod, list).outcome, "allow");
  const edited = { ...pod, accountAnnotation: `other-${APP}` };
  assert.equal(decide(POLICY, edited, list).outcome, "deny");
  assert.equal(decide(POLICY, pod, parseAllowList("[]")).outcome, "deny");
});
