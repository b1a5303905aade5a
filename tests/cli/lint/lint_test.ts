import assert from "node:assert/strict";
import { LINT_COMMAND } from "../../../src/cli/lint.ts";
import { DEPLOY, namesIn } from "../../deploy/manifests.ts";
import { type CommandRun, runIn } from "../run_command.ts";

const GOOD = `
apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: shop
  annotations:
    accounts.google.com/service-account: app@my-project.iam.gserviceaccount.com
`;
const NAMESPACE = `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations:
    accounts.google.com/allowed-service-accounts: '["shop-*@my-project.iam.gserviceaccount.com"]'
`;
const BAD = GOOD.replace("app@", "App@");

const FILES = {
  "good.yaml": GOOD,
  "bad.yaml": BAD,
  "namespace.yaml": NAMESPACE,
  "enforce.yaml":
    "restrictions: {mode: enforce}\ninterception: {backend: iptables}\n",
};

function lint(args: readonly string[], input = ""): Promise<CommandRun> {
  return runIn({ files: FILES, input }, LINT_COMMAND, args);
}

/** Severity, rule and place of each finding. */
async function findingsOf(
  args: readonly string[],
  input = "",
): Promise<readonly string[]> {
  const { out } = await lint([...args, "--output=json"], input);
  const { findings } = JSON.parse(out);
  return findings.map((
    { severity, rule, file, line }: Readonly<Record<string, string | number>>,
  ) => `${severity} ${rule} ${file}:${line}`);
}

Deno.test("lint tells by its exit code what it found", async (t) => {
  const cases: readonly (readonly [number, readonly string[]])[] = [
    [0, ["good.yaml"]],
    [3, ["bad.yaml"]],
    [3, ["good.yaml", "bad.yaml"]],
    [0, ["good.yaml", "namespace.yaml"]],
    [3, ["--strict", "good.yaml", "namespace.yaml"]],
    [3, ["good.yaml", "namespace.yaml", "--restrictions-mode=enforce"]],
    [1, ["good.yaml", "none.yaml"]],
    [1, ["bad.yaml", "none.yaml"]],
    [2, ["good.yaml", "--strickt"]],
    [2, ["good.yaml", "--strict=1"]],
    [2, ["good.yaml", "-o"]],
    [2, ["good.yaml", "-o", "yaml"]],
    [2, ["good.yaml", "--namespace", "--strict"]],
    [2, ["good.yaml", "--config=none.yaml"]],
    [2, ["good.yaml", "--scopes-key=a b"]],
  ];
  for (const [expected, args] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, out, err } = await lint(args);
      assert.equal(code, expected);
      assert.equal(err === "", expected === 0 || expected === 3);
      assert.equal(out === "", expected === 2);
    });
  }
});

Deno.test("lint reads standard input without a file and for -", async () => {
  for (const args of [[], ["-"]]) {
    const { code, out } = await lint(args, BAD);
    assert.equal(code, 3);
    assert.match(out, /^<stdin>:8:42: error: Pod shop\/app: /);
  }
  assert.equal(
    (await lint([])).out,
    "0 errors, 0 warnings in 0 objects of 1 file\n",
  );
});

Deno.test("lint reads a file that is named twice once", async () => {
  const { out } = await lint(["good.yaml", "good.yaml"]);
  assert.equal(out, "0 errors, 0 warnings in 1 object of 1 file\n");
});

Deno.test("lint checks the other files when one cannot be read", async () => {
  const { out, err } = await lint(["none.yaml", "bad.yaml", "--", "-x"]);
  assert.equal(
    err,
    "none.yaml: cannot be read: no such file\n-x: cannot be read: no such file\n",
  );
  assert.match(out, /^bad\.yaml:8:42: .*\[account-malformed\]$/m);
});

Deno.test("lint holds pods against the namespaces of all files", async () => {
  const files = ["good.yaml", "namespace.yaml"];
  const warning = "warning namespace-denied good.yaml:8";
  const error = "error namespace-denied good.yaml:8";
  assert.deepEqual(await findingsOf(files), [warning]);
  assert.deepEqual(
    await findingsOf([...files, "--restrictions-mode=report"]),
    [warning],
  );
  assert.deepEqual(await findingsOf([...files, "--config=enforce.yaml"]), [
    error,
  ]);
  assert.deepEqual(await findingsOf(["good.yaml"]), []);
  assert.deepEqual(
    await findingsOf([
      ...files,
      "--default-service-account=app@my-project.iam.gserviceaccount.com",
    ]),
    [],
  );
});

Deno.test("lint minds a namespace without a list only where lists count", async () => {
  const bare = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
  const args = ["-", "good.yaml"];
  assert.deepEqual(await findingsOf(args, bare), []);
  assert.deepEqual(
    await findingsOf([...args, "--namespace-restrictions"], bare),
    [
      "error namespace-denied good.yaml:8",
    ],
  );
});

Deno.test("lint takes --namespace for objects that name none", async () => {
  const pod = GOOD.replace("  namespace: shop\n", "");
  const args = ["-", "namespace.yaml"];
  assert.deepEqual(await findingsOf(args, pod), []);
  assert.deepEqual(await findingsOf([...args, "--namespace", "shop"], pod), [
    "warning namespace-denied <stdin>:7",
  ]);
});

Deno.test("lint goes by the configured keys", async () => {
  const args = ["bad.yaml", "--iam-role-key=example.com/account"];
  assert.deepEqual(await findingsOf(args), ["warning unknown-key bad.yaml:8"]);
  const near = ["bad.yaml", "--iam-role-key=example.com/service-account"];
  assert.deepEqual(await findingsOf(near), ["error misspelt-key bad.yaml:8"]);
});

Deno.test("lint has a help with examples", async () => {
  const { code, out } = await lint(["--help"]);
  assert.equal(code, 0);
  assert.match(out, /kustomize build .* \| saassigner lint/);
});

Deno.test("lint finds nothing wrong with what is deployed", async () => {
  for (const folder of ["admission", "examples", "observability"]) {
    const names = (await namesIn(folder)).filter((name) =>
      name.endsWith(".yaml")
    );
    const texts = names.map((name) =>
      Deno.readTextFile(new URL(`${folder}/${name}`, DEPLOY))
    );
    const input = (await Promise.all(texts)).join("\n---\n");
    const { code, out } = await lint(["--strict"], input);
    assert.equal(code, 0, out);
    assert.match(out, /^0 errors, 0 warnings in [1-9]/);
  }
});
