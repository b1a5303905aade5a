import assert from "node:assert/strict";
import {
  listWantedAccounts,
  tryAccounts,
  type TryOptions,
  type WantedAccount,
} from "../../../src/cli/doctor/accounts.ts";
import { judgeIam } from "../../../src/cli/doctor/iam.ts";
import { type Mint, MintError } from "../../../src/core/mint.ts";
import type { Policy } from "../../../src/core/policy.ts";
import { createPod } from "../../core/pods.ts";
import { clockOf } from "../../google/manual_clock.ts";
import { ManualTime } from "../../sandbox/manual_time.ts";

const PLATFORM = "https://www.googleapis.com/auth/cloud-platform";
const STORAGE = "https://www.googleapis.com/auth/devstorage.read_only";
const A = "a@p.iam.gserviceaccount.com";
const B = "b@p.iam.gserviceaccount.com";
const POLICY: Policy = {
  defaultAccount: { kind: "account", account: B },
  defaultScopes: [PLATFORM],
  restrictions: "enforce",
};

Deno.test("listWantedAccounts() gives each account with its scopes once, the default one first", () => {
  const pods = [
    createPod({ accountAnnotation: B }),
    createPod({ accountAnnotation: B, scopesAnnotation: "storage-ro" }),
    createPod({ accountAnnotation: A }),
    createPod({ accountAnnotation: A, phase: "Pending" }),
    createPod({}),
    createPod({ accountAnnotation: "malformed" }),
    createPod({ accountAnnotation: "c@p.iam", phase: "Succeeded" }),
    createPod({ accountAnnotation: "d@p.iam", hostNetwork: true }),
  ];
  assert.deepEqual(listWantedAccounts(pods, POLICY), [
    { account: B, scopes: [PLATFORM] },
    { account: A, scopes: [PLATFORM] },
    { account: B, scopes: [STORAGE] },
  ]);
  const none: Policy = { ...POLICY, defaultAccount: { kind: "none" } };
  assert.deepEqual(listWantedAccounts([createPod({})], none), []);
});

/** Accounts `0@p.iam`, `1@p.iam` and so on. */
function wanted(count: number): readonly WantedAccount[] {
  return Array.from({ length: count }, (_, index) => ({
    account: `${index}@p.iam`,
    scopes: [PLATFORM],
  }));
}

function options(mint: Mint): TryOptions {
  const clock = clockOf(new ManualTime());
  return { mint, spare: undefined, clock, limitMs: 5_000 };
}

Deno.test("tryAccounts() makes at most 8 calls at once", async () => {
  let [going, most, calls] = [0, 0, 0];
  const mint: Mint = async () => {
    most = Math.max(most, ++going);
    await Promise.resolve();
    going -= 1;
    calls += 1;
    return { value: "t", expiresAtMs: 1 };
  };
  const { accounts } = await tryAccounts(wanted(30), options(mint));
  assert.deepEqual(
    accounts.map(({ account }) => account),
    wanted(30).map(({ account }) => account),
  );
  assert.deepEqual([calls, most], [30, 8]);
});

Deno.test("tryAccounts() ends at a failure that is not the account's", async () => {
  let calls = 0;
  const mint: Mint = () => {
    calls += 1;
    return Promise.reject(
      calls === 1
        ? new MintError("iam-denied", "no")
        : new MintError("iam-unavailable", "later"),
    );
  };
  const attempts = await tryAccounts(wanted(30), options(mint));
  assert.equal(calls, 9);
  const context = {
    endpoint: "IAM",
    projectId: "p",
    caller: undefined,
    delegates: [],
    defaultAccount: undefined,
  };
  const findings = judgeIam(attempts, context);
  assert.equal(findings.length, 31);
  assert.deepEqual(findings.slice(0, 3), [
    {
      name: "IAM Credentials API",
      status: "ok",
      detail: "answers at IAM",
    },
    {
      name: "account",
      status: "failed",
      detail: "0@p.iam: no",
      fix:
        "gcloud iam service-accounts add-iam-policy-binding 0@p.iam --member=serviceAccount:NODE_ACCOUNT --role=roles/iam.serviceAccountTokenCreator",
    },
    { name: "account", status: "not-checked", detail: "1@p.iam: later" },
  ]);
  assert.equal(findings.at(-1)?.detail, "29@p.iam: IAM cannot be called");
});

Deno.test("tryAccounts() tries the spare account only where none is wanted", async () => {
  const asked: string[] = [];
  const mint: Mint = ({ account }) => {
    asked.push(account);
    return Promise.resolve({ value: "t", expiresAtMs: 1 });
  };
  const [spare] = wanted(1);
  const none = await tryAccounts([], { ...options(mint), spare });
  assert.equal(none.first?.account, "0@p.iam");
  assert.deepEqual(none.accounts, []);
  await tryAccounts([{ account: A, scopes: [] }], { ...options(mint), spare });
  assert.deepEqual(asked, ["0@p.iam", A]);
  const nobody = await tryAccounts([], options(mint));
  assert.deepEqual(nobody, { first: undefined, accounts: [] });
});

Deno.test("judgeIam() tells of scopes that IAM does not accept", () => {
  const outcome = {
    kind: "failed",
    error: new MintError("iam-rejected", "IAM does not accept the scopes"),
  } as const;
  const attempt = { account: A, scopes: [STORAGE], outcome };
  const [api, account] = judgeIam({ first: attempt, accounts: [attempt] }, {
    endpoint: "IAM",
    projectId: "p",
    caller: B,
    delegates: [],
    defaultAccount: A,
  });
  assert.equal(api?.status, "ok");
  assert.deepEqual(account, {
    name: "account",
    status: "failed",
    detail: `${A}: the default one: IAM does not accept the scopes: ${STORAGE}`,
    fix: "Correct the scopes in the annotation of its pods, or defaults.scopes",
  });
});
