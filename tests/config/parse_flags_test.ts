import assert from "node:assert/strict";
import { parseFlags } from "../../src/config/parse_flags.ts";

/** Values that were typed, by key path. */
function valuesOf(args: readonly string[]): Readonly<Record<string, unknown>> {
  const { layer, issues } = parseFlags(args);
  assert.deepEqual(issues, []);
  return Object.fromEntries(
    [...layer].map(([path, { value }]) => [path, value]),
  );
}

/** Issues as text, one line each. */
function issuesOf(args: readonly string[]): readonly string[] {
  return parseFlags(args).issues.map(({ source, path, message }) =>
    `${source}: ${path}: ${message}`
  );
}

Deno.test("parseFlags() holds only what was typed", () => {
  assert.deepEqual(parseFlags([]), {
    layer: new Map(),
    configFile: undefined,
    positionals: [],
    flagArgs: [],
    help: false,
    version: false,
    issues: [],
  });
});

Deno.test("parseFlags() takes values behind a space and behind =", () => {
  const expected = { "kubernetes.node": "a", "server.port": 1 };
  assert.deepEqual(valuesOf(["--node", "a", "--app-port", "1"]), expected);
  assert.deepEqual(valuesOf(["--node=a", "--app-port=1"]), expected);
  assert.deepEqual(valuesOf(["--api-server=http://a/=b"]), {
    "kubernetes.apiServer": "http://a/=b",
  });
});

Deno.test("parseFlags() takes every form of a switch", () => {
  const cases: readonly [string, boolean][] = [
    ["--debug", true],
    ["--debug=true", true],
    ["--debug=TRUE", true],
    ["--debug=1", true],
    ["--debug=false", false],
    ["--debug=f", false],
    ["--no-debug", false],
  ];
  for (const [flag, value] of cases) {
    assert.deepEqual(valuesOf([flag]), { "admin.debug": value });
  }
});

Deno.test("parseFlags() leaves the word behind a switch alone", () => {
  const parsed = parseFlags(["--debug", "false"]);
  assert(parsed.layer.get("admin.debug")?.value === true);
  assert.deepEqual(parsed.positionals, ["false"]);
});

Deno.test("parseFlags() takes empty values", () => {
  const expected = { "defaults.serviceAccount": "" };
  assert.deepEqual(valuesOf(["--default-service-account="]), expected);
  assert.deepEqual(valuesOf(["--default-service-account", ""]), expected);
  assert.deepEqual(valuesOf(["--host-ip="]), { "interception.hostIP": null });
});

Deno.test("parseFlags() lets the last of a repeated flag count, and checks all", () => {
  assert.deepEqual(valuesOf(["--node=a", "--node=b"]), {
    "kubernetes.node": "b",
  });
  assert.equal(issuesOf(["--app-port=x", "--app-port=1"]).length, 1);
});

Deno.test("parseFlags() separates commands, --help, --version and --config", () => {
  const parsed = parseFlags([
    "config",
    "print",
    "--config=a.yaml",
    "-h",
    "--version",
    "--",
    "--node",
  ]);
  assert.deepEqual(parsed.positionals, ["config", "print", "--node"]);
  assert.equal(parsed.configFile, "a.yaml");
  assert(parsed.help);
  assert(parsed.version);
  assert.equal(parsed.layer.size, 0);
});

Deno.test("parseFlags() takes --namespace-restrictions for two modes", () => {
  const path = "restrictions.mode";
  assert.deepEqual(valuesOf(["--namespace-restrictions"]), {
    [path]: "enforce",
  });
  assert.deepEqual(valuesOf(["--namespace-restrictions=false"]), {
    [path]: "off",
  });
  assert.deepEqual(valuesOf(["--no-namespace-restrictions"]), {
    [path]: "off",
  });
  assert.deepEqual(
    valuesOf(["--namespace-restrictions", "--restrictions-mode=Enforce"]),
    { [path]: "enforce" },
  );
  assert.deepEqual(
    issuesOf(["--restrictions-mode=report", "--namespace-restrictions"]),
    [
      '--namespace-restrictions: restrictions.mode: contradicts --restrictions-mode: "enforce" is not "report"; expected one of the two flags',
    ],
  );
});

Deno.test("parseFlags() takes --iptables for two backends", () => {
  const path = "interception.backend";
  assert.deepEqual(valuesOf(["--iptables"]), { [path]: "iptables" });
  assert.deepEqual(valuesOf(["--iptables=true"]), { [path]: "iptables" });
  assert.deepEqual(valuesOf(["--iptables=false"]), { [path]: "none" });
  assert.deepEqual(valuesOf(["--no-iptables"]), { [path]: "none" });
  assert.deepEqual(
    valuesOf(["--iptables", "--interception-backend=iptables"]),
    { [path]: "iptables" },
  );
  assert.deepEqual(
    issuesOf(["--iptables=true", "--interception-backend=nftables"]),
    [
      '--iptables: interception.backend: contradicts --interception-backend: "iptables" is not "nftables"; expected one of the two flags',
    ],
  );
  assert.deepEqual(
    issuesOf(["--interception-backend=nftables", "--iptables=false"]).length,
    1,
  );
});

Deno.test("parseFlags() lets --verbose win over --log-level, wherever it stands", () => {
  for (
    const args of [["--verbose", "--log-level=error"], [
      "--log-level=error",
      "--verbose",
    ]]
  ) {
    assert.deepEqual(valuesOf(args), { "log.level": "debug" });
  }
  assert.deepEqual(valuesOf(["--verbose=false", "--log-level=error"]), {
    "log.level": "error",
  });
  assert.deepEqual(valuesOf(["--verbose", "--no-verbose"]), {});
});

Deno.test("parseFlags() suggests a flag for an unknown one", () => {
  const cases: readonly [string, string][] = [
    ["--nod", "--node"],
    ["--Node", "--node"],
    ["--no-node", "--node"],
    ["-node", "--node"],
    ["-verbose=true", "--verbose"],
    ["--server.port", "--app-port"],
    ["--kubernetes.apiserver", "--api-server"],
  ];
  for (const [typed, meant] of cases) {
    const flag = typed.replace(/=.*/, "");
    assert.deepEqual(issuesOf([typed]), [
      `${flag}: : is no known flag; did you mean ${meant}?`,
    ]);
  }
  assert.deepEqual(issuesOf(["--xyz=secret"]), [
    "--xyz: : is no known flag; --help lists them all",
  ]);
  assert.deepEqual(issuesOf(["-n"]), [
    "-n: : is no known flag; --help lists them all",
  ]);
});

Deno.test("parseFlags() takes the word behind an unknown flag for its value", () => {
  assert.deepEqual(parseFlags(["--nod", "a", "b"]).positionals, ["b"]);
  assert.deepEqual(parseFlags(["--nod=a", "b"]).positionals, []);
});

Deno.test("parseFlags() refuses a missing value", () => {
  for (
    const args of [["--node"], ["--node", "--debug"], ["--config", "-x"], [
      "--config=",
    ]]
  ) {
    const [issue, ...more] = issuesOf(args);
    assert.match(issue ?? "", /^--\w+: : needs a value; expected the /);
    assert.deepEqual(more, []);
  }
});

Deno.test("parseFlags() refuses values of switches that are neither true nor false", () => {
  const message = '"maybe" is not accepted; expected true or false';
  for (const flag of ["--verbose", "--help", "--version"]) {
    assert.deepEqual(issuesOf([`${flag}=maybe`]), [`${flag}: : ${message}`]);
  }
  assert.deepEqual(issuesOf(["--debug=maybe"]), [
    `--debug: admin.debug: ${message}`,
  ]);
  assert.deepEqual(issuesOf(["--no-debug=true"]), [
    "--no-debug: : takes no value",
  ]);
});

Deno.test("parseFlags() never shows a secret", () => {
  const [issue] = issuesOf(["--api-token=two words"]);
  assert.match(
    issue ?? "",
    /^--api-token: kubernetes.apiToken: \*\*\* is not /,
  );
  const [url] = issuesOf(["--api-server=https://user:pass@wo/rd@host"]);
  assert.match(url ?? "", /: "https:\/\/\*\*\*@host" is not accepted/);
});

Deno.test("parseFlags() tells the flags with their values from the other words", () => {
  const args = ["a", "--node", "a", "--debug", "b", "--app-port=1", "--", "-c"];
  const { positionals, flagArgs } = parseFlags(args);
  assert.deepEqual(positionals, ["a", "b", "-c"]);
  assert.deepEqual(flagArgs, ["--node", "a", "--debug", "--app-port=1"]);
});
