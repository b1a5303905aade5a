import assert from "node:assert/strict";
import fc from "fast-check";
import { lintJson } from "../../../src/cli/lint/lint_json.ts";
import { lintManifests } from "../../../src/cli/lint/lint_manifests.ts";
import { lintText } from "../../../src/cli/lint/lint_text.ts";
import { lintSettingsOf } from "../../../src/cli/lint/settings.ts";
import { loadForCluster } from "../../../src/cli/load_for_cluster.ts";
import { createStyle } from "../../../src/cli/style.ts";
import { isAccountEmail } from "../../../src/core/account.ts";
import { decide } from "../../../src/core/policy.ts";
import { parseScopes } from "../../../src/core/scopes.ts";
import { decodeNamespace, decodePod } from "../../../src/kubernetes/decode.ts";
import { readManifests } from "../../deploy/manifests.ts";
import { recordIo } from "../recorded_io.ts";

const SETTINGS = lintSettingsOf(
  await loadForCluster(["--restrictions-mode=enforce"], recordIo()),
  undefined,
);
const { keys, policy } = SETTINGS;

/** Pieces of manifests, which meet what the reader looks for. */
const PIECES = [
  "---\n",
  "apiVersion: v1\n",
  "kind: Pod\n",
  "kind: Namespace\n",
  "kind: CronJob\n",
  "kind: List\nitems:\n- ",
  "metadata:\n",
  "  name: a\n",
  "  annotations:\n",
  `    ${keys.serviceAccount}: `,
  `    ${keys.allowedServiceAccounts}: `,
  "{",
  "}",
  "[",
  "]",
  "*a ",
  "&a ",
  "<<: *a\n",
  '"',
  "'",
  "|\n",
  "spec:\n",
  "  template:\n",
  "\n",
  " ",
  ": ",
  "\t",
  "\0",
  "null",
  "__proto__: ",
];

Deno.test("lint never throws, whatever the text is", () => {
  const texts = fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) =>
      pieces.join("")
    ),
    fc.string({ unit: "binary" }),
    fc.json(),
  );
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 3 }), (all) => {
      const sources = all.map((text, index) => ({ file: `${index}`, text }));
      const report = lintManifests(sources, SETTINGS);
      lintText(report, createStyle({ useColor: true }));
      JSON.parse(lintJson(report));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("lint never throws, however deep the text is nested", () => {
  for (const open of ["[", "{a: ", "- ", "&a [", "? "]) {
    const text = open.repeat(20_000);
    const { findings } = lintManifests([{ file: "f", text }], SETTINGS);
    assert.equal(findings[0]?.rule, "yaml", open);
  }
});

/** Regular expressions of the admission policy, which know no more than e-mail and list. */
async function readAdmission(): Promise<
  { readonly account: RegExp; readonly scopes: RegExp }
> {
  const [manifest] = await readManifests("admission/policy.yaml");
  const expressions = JSON.stringify(
    manifest?.["spec"].validations.map((
      { expression }: { readonly expression: string },
    ) => expression),
  );
  const patternOf = (name: string): RegExp => {
    const found = new RegExp(`${name}\\.matches\\('([^']+)'\\)`)
      .exec(expressions);
    const source: string = JSON.parse(`"${found?.[1] ?? ""}"`);
    return new RegExp(JSON.parse(`"${source}"`));
  };
  return { account: patternOf("account"), scopes: patternOf("scopes") };
}

const ADMISSION = await readAdmission();

/** As good as not, for else hardly a manifest would pass. */
function orGood(
  hostile: fc.Arbitrary<string>,
  ...good: readonly string[]
): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...good), hostile);
}

const ACCOUNTS = orGood(
  fc.oneof(
    fc.constantFrom("", "default"),
    fc.string({ unit: fc.constantFrom(..."aA0.-_@/ :"), maxLength: 8 }),
    fc.stringMatching(/^[a-z.]{1,3}@[a-z.]{1,4}$/),
  ),
  "app@p.iam.gserviceaccount.com",
  " app@p.iam.gserviceaccount.com\n",
);
const SCOPES = orGood(
  fc.string({ unit: fc.constantFrom(..."aA0.-_, \t\n/:!"), maxLength: 8 }),
  "cloud-platform",
  "openid, email",
);
const LISTS = orGood(
  fc.oneof(
    fc.constantFrom("[]", '["[a"]', "x"),
    fc.array(fc.string({ unit: fc.constantFrom(..."ap@.*?[]") })).map((list) =>
      JSON.stringify(list)
    ),
  ),
  '["*"]',
  '["app@*"]',
);

Deno.test("what lint passes, the daemon and the admission policy take, and the other way round", () => {
  const seen = { passed: 0, failed: 0 };
  fc.assert(
    fc.property(
      fc.record({
        account: ACCOUNTS,
        scopes: fc.option(SCOPES, { nil: undefined }),
        list: LISTS,
        hostNetwork: fc.boolean(),
      }),
      ({ account, scopes, list, hostNetwork }) => {
        const metadata = {
          uid: "uid",
          name: "app",
          namespace: "shop",
          annotations: {
            [keys.serviceAccount]: account,
            ...scopes === undefined ? {} : { [keys.scopes]: scopes },
          },
        };
        const pod = {
          apiVersion: "v1",
          kind: "Pod",
          metadata,
          spec: { hostNetwork },
        };
        const annotations = { [keys.allowedServiceAccounts]: list };
        const namespace = {
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: "shop", annotations },
        };
        const text = JSON.stringify({ kind: "List", items: [namespace, pod] });
        const { findings } = lintManifests([{ file: "f", text }], SETTINGS);
        const rules = findings.filter(({ severity }) => severity === "error")
          .map(({ rule }) => rule);

        const decodedPod = decodePod(pod, keys);
        const decodedNamespace = decodeNamespace(namespace, keys);
        assert.ok(decodedPod && decodedNamespace);
        const { allowList } = decodedNamespace;
        const decision = decide(policy, decodedPod, allowList);

        assert.equal(
          rules.includes("account-malformed"),
          !isAccountEmail(account.trim()),
        );
        assert.equal(
          rules.includes("scopes-malformed"),
          scopes !== undefined && parseScopes(scopes) === undefined,
        );
        assert.equal(rules.includes("host-network"), hostNetwork);
        const refused = decision.outcome === "deny" ? decision.reason : "";
        const isTold = rules.some((rule) => rule === refused) || hostNetwork;
        assert.ok(decision.outcome === "allow" || isTold, refused);
        if (rules.length > 0) {
          seen.failed += 1;
          return;
        }
        seen.passed += 1;
        assert.equal(decision.outcome, "allow");
        assert.match(account.trim(), ADMISSION.account);
        if (scopes !== undefined) assert.match(scopes, ADMISSION.scopes);
      },
    ),
    { numRuns: 3_000 },
  );
  assert.ok(seen.passed > 100 && seen.failed > 100, JSON.stringify(seen));
});
