import assert from "node:assert/strict";
import { POLICY_COMMAND } from "../../../src/cli/policy.ts";
import { DEPLOY } from "../../deploy/manifests.ts";
import { type CommandRun, runIn } from "../run_command.ts";

const MANIFEST = `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations:
    accounts.google.com/allowed-service-accounts: '["shop-*@p-1.iam.gserviceaccount.com"]'
---
apiVersion: v1
kind: Service
metadata: {name: passed-over}
`;

function test(
  table: string,
  { args = [], files = {} }: {
    readonly args?: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<CommandRun> {
  const all = { "policy/t.yaml": table, "policy/ns.yaml": MANIFEST, ...files };
  return runIn(
    { files: all, input: table },
    POLICY_COMMAND,
    ["test", "policy/t.yaml", ...args],
  );
}

/** One row about the namespace shop, as it stands in the manifest. */
function row(text: string): string {
  return `manifests: [ns.yaml]\ncases:\n  - {namespace: shop, ${text}}\n`;
}

const CART = "account: shop-cart@p-1.iam.gserviceaccount.com";

Deno.test("policy test passes rows that are decided as expected", async (t) => {
  const cases: readonly (readonly [name: string, table: string])[] = [
    ["allowed", row(`${CART}, expect: allow`)],
    ["with scopes", row(`${CART}, scopes: openid, expect: allow`)],
    [
      "a list of scopes",
      row(`${CART}, scopes: [openid, email], expect: allow`),
    ],
    ["no scopes", row(`${CART}, scopes: [], expect: scopes-malformed`)],
    ["bad scopes", row(`${CART}, scopes: "a b!", expect: scopes-malformed`)],
    ["denied", row("account: app@p-1.example.com, expect: namespace-denied")],
    ["no e-mail", row("account: app, expect: account-malformed")],
    ["nothing", row("expect: no-account")],
    [
      "annotations",
      row(
        "annotations: {accounts.google.com/service-account: app, x: y}, expect: account-malformed",
      ),
    ],
    [
      "scopes in annotations",
      row(
        "annotations: {accounts.google.com/service-account: shop-a@p-1.iam.gserviceaccount.com, accounts.google.com/scopes: '!'}, expect: scopes-malformed",
      ),
    ],
    [
      "a list in the table",
      `namespaces: {a: [shop-*]}\ncases: [{namespace: a, ${CART}, expect: allow}]`,
    ],
    [
      "an annotation in the table",
      `namespaces: {a: '["shop-*"]'}\ncases: [{namespace: a, ${CART}, expect: allow}]`,
    ],
    [
      "a malformed annotation",
      `namespaces: {a: "shop-*"}\ncases: [{namespace: a, ${CART}, expect: namespace-list-malformed}]`,
    ],
    [
      "no annotation",
      `namespaces: {a: }\ncases: [{namespace: a, ${CART}, expect: namespace-denied}]`,
    ],
  ];
  for (const [name, table] of cases) {
    await t.step(name, async () =>
      assert.deepEqual(await test(table), {
        code: 0,
        out: "1 passed, 0 failed\n",
        err: "",
      }));
  }
});

Deno.test("policy test shows what fails, and by which pattern", async () => {
  const { code, out, err } = await test(`manifests: [ns.yaml]
namespaces: {none: null, "a\\x1b": ["*"]}
cases:
  - {namespace: shop, ${CART}, expect: namespace-denied}
  - name: other
    namespace: shop
    account: app@p-1.iam.gserviceaccount.com
    scopes: openid
    expect: allow
  - {namespace: shop, ${CART}, expect: allow}
  - {namespace: none, expect: allow}
  - {namespace: "a\\x1b", ${CART}, expect: no-account}
`);
  assert.equal(code, 3);
  assert.equal(err, "");
  assert.equal(
    out,
    `policy/t.yaml:4:5: shop-cart@p-1.iam.gserviceaccount.com in namespace shop
    expected namespace-denied, got allow: The pattern "shop-*@p-1.iam.gserviceaccount.com" matches shop-cart@p-1.iam.gserviceaccount.com
policy/t.yaml:5:5: other: app@p-1.iam.gserviceaccount.com in namespace shop with scopes openid
    expected allow, got namespace-denied: No pattern of the namespace's allow-list matches app@p-1.iam.gserviceaccount.com
policy/t.yaml:11:5: no account in namespace none
    expected allow, got no-account: The pod has no service account annotation and there is no default account
policy/t.yaml:12:5: shop-cart@p-1.iam.gserviceaccount.com in namespace a\\x1b
    expected no-account, got allow: The pattern "*" matches shop-cart@p-1.iam.gserviceaccount.com
1 passed, 4 failed
`,
  );
});

Deno.test("policy test goes by the configuration", async () => {
  const table = row("expect: allow");
  const account = "--default-service-account=app@p-1.example.com";
  const { code } = await test(table, { args: [account] });
  assert.equal(code, 0);
  const wider = row("scopes: compute, expect: namespace-denied");
  assert.equal((await test(wider, { args: [account] })).code, 0);
  assert.equal(
    (await test(row("expect: namespace-denied"), { args: [account] })).out,
    `policy/t.yaml:3:5: no account in namespace shop
    expected namespace-denied, got allow: app@p-1.example.com is the default account
0 passed, 1 failed
`,
  );
});

Deno.test("policy test takes lists for real, whatever is configured", async () => {
  const table = row("account: app@p-1.example.com, expect: namespace-denied");
  const { code } = await test(table, { args: ["--restrictions-mode=off"] });
  assert.equal(code, 0);
});

Deno.test("policy test refuses a malformed table with places", async (t) => {
  const cases: readonly (readonly [table: string, error: string])[] = [
    [
      "",
      "1:1: the table is null; expected a mapping with manifests, namespaces, cases",
    ],
    [
      "[1",
      "1:3: flow sequence must end with a ]",
    ],
    ["case: []", "1:1: case is no known key; did you mean cases?"],
    ["cases: []", "1:8: cases is empty; expected a list of rows"],
    ["namespaces: {}", "1:1: cases is empty; expected a list of rows"],
    ["cases: {}", "1:8: cases is a mapping; expected a list"],
    [
      "cases: [1]",
      "1:9: cases[0] is 1; expected a mapping with name, namespace, account, annotations, scopes, expect",
    ],
    [
      "cases: [{namespace: a, expct: allow}]",
      "1:9: expect is missing; expected one of allow, namespace-denied, namespace-list-malformed, account-malformed, scopes-malformed, no-account\npolicy/t.yaml:1:24: expct is no known key; did you mean expect?",
    ],
    [
      row("expect: namespace-deny"),
      '3:31: expect is "namespace-deny"; did you mean namespace-denied?',
    ],
    [
      row("expect: allow, account: 1"),
      "3:47: cases[0].account is 1; expected a text",
    ],
    [
      row("expect: allow, name: [a]"),
      "3:44: cases[0].name is a list; expected a text",
    ],
    [
      row("expect: allow, scopes: [a, null]"),
      "3:50: cases[0].scopes[1] is null; expected a text",
    ],
    [
      row("expect: allow, annotations: a"),
      '3:51: cases[0].annotations is "a"; expected a mapping',
    ],
    [
      row("expect: allow, annotations: {}, account: a"),
      "3:55: account stands beside annotations; expected one of them",
    ],
    [
      "cases: [{expect: allow}]",
      "1:9: cases[0].namespace is missing; expected a text",
    ],
    [
      row("expect: allow").replace("shop", "shap"),
      "3:5: namespace shap is neither in the table nor in its manifests; did you mean shop?",
    ],
    [
      "manifests: [1]\ncases: [{namespace: a, expect: allow}]",
      "1:13: manifests[0] is 1; expected a text",
    ],
    [
      "namespaces: {a: 1}\ncases: [{namespace: a, expect: allow}]",
      "1:17: namespaces.a is 1; expected a list of patterns, the annotation's own text, or null for a namespace without it",
    ],
    [
      "namespaces: {a: [1]}\ncases: [{namespace: a, expect: allow}]",
      "1:18: namespaces.a[0] is 1; expected a text",
    ],
  ];
  for (const [table, error] of cases) {
    await t.step(error, async () => {
      const { code, out, err } = await test(table);
      assert.equal(err, `policy/t.yaml:${error}\n`);
      assert.equal(code, 2);
      assert.equal(out, "0 passed, 0 failed\n");
    });
  }
});

Deno.test("policy test refuses manifests that say nothing certain", async (t) => {
  const table = row("expect: no-account");
  const cases: readonly (readonly [
    manifest: string,
    code: number,
    error: string,
  ])[] = [
    [
      "a: [1",
      2,
      "policy/ns.yaml:1:6: Does not parse: flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    [
      MANIFEST.replace(/'\[.*\]'/, "[a]"),
      2,
      "policy/ns.yaml:7:51: accounts.google.com/allowed-service-accounts is no text, which Kubernetes refuses",
    ],
    [
      `${MANIFEST}---${MANIFEST}`,
      2,
      "policy/ns.yaml:13:1: namespace shop stands in policy/ns.yaml:2:1, too",
    ],
  ];
  for (const [manifest, expected, error] of cases) {
    await t.step(error, async () => {
      const files = { "policy/ns.yaml": manifest };
      const { code, err } = await test(table, { files });
      assert.equal(err, `${error}\n`);
      assert.equal(code, expected);
    });
  }
});

Deno.test("policy test refuses a namespace both here and there", async () => {
  const table = `${row("expect: no-account")}namespaces: {shop: null}`;
  const { code, err } = await test(table);
  assert.equal(code, 2);
  assert.equal(
    err,
    "policy/ns.yaml:2:1: namespace shop stands in policy/t.yaml:4:14, too\n",
  );
});

Deno.test("policy test tells files that cannot be read from wrong ones", async () => {
  const table = row("expect: no-account").replace("ns.yaml", "../no.yaml");
  assert.deepEqual(await test(table), {
    code: 1,
    out: "0 passed, 0 failed\n",
    err: "policy/t.yaml:1:13: no.yaml cannot be read: no such file\n",
  });
  const good = row("expect: no-account");
  const { code, out, err } = await test(good, { args: ["none.yaml"] });
  assert.equal(code, 1);
  assert.equal(out, "1 passed, 0 failed\n");
  assert.equal(err, "none.yaml: cannot be read: no such file\n");
});

Deno.test("policy explains its usage", async () => {
  const run = (args: readonly string[]): Promise<CommandRun> =>
    runIn({}, POLICY_COMMAND, args);
  const help = await run(["--help"]);
  assert.equal(help.code, 0);
  for (const args of [[], ["test"], ["tst"], ["test", "--nod", "a"]]) {
    assert.equal((await run(args)).code, 2);
  }
  assert.match((await run([])).err, /^policy needs test\n/);
  assert.match((await run(["tst"])).err, /^policy "tst" .* expected test\n/);
});

Deno.test("the table in the help of policy test is one", async () => {
  const { out } = await runIn({}, POLICY_COMMAND, ["--help"]);
  const [, text = ""] = /A table is YAML:\n\n(.*?)\n\n {2}A row/s.exec(out) ??
    [];
  const manifest = MANIFEST.replace("name: shop", "name: other");
  const files = { "namespaces.yaml": manifest };
  assert.deepEqual(
    await test(text.replace(/^ {2}/gm, ""), { files }),
    { code: 0, out: "2 passed, 0 failed\n", err: "" },
  );
});

Deno.test("the example table passes", async () => {
  const read = (path: string): Promise<string> =>
    Deno.readTextFile(new URL(`examples/${path}`, DEPLOY));
  const files = {
    "examples/policy-test/shop.yaml": await read("policy-test/shop.yaml"),
    "examples/namespace.yaml": await read("namespace.yaml"),
  };
  const args = ["test", "examples/policy-test/shop.yaml"];
  assert.deepEqual(await runIn({ files }, POLICY_COMMAND, args), {
    code: 0,
    out: "7 passed, 0 failed\n",
    err: "",
  });
});
