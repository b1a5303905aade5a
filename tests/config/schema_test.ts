import assert from "node:assert/strict";
import type { Option } from "../../src/config/option.ts";
import { findOption, OPTIONS } from "../../src/config/schema.ts";
import { load, refusal } from "./load.ts";

/** How one option is exercised. */
interface Case {
  /** Value in the file, and what it means. */
  readonly yaml: readonly [text: string, value: unknown];
  /** Value of the flag, and what it means. */
  readonly flag: readonly [text: string, value: unknown];
  /** Values that the file must not hold. */
  readonly wrong: readonly string[];
  /** Value that the flag must not have. */
  readonly wrongFlag: string;
  /** Flags without which the value contradicts another. */
  readonly beside?: readonly string[];
}

const KEY = "example.com/key";

const CASES: Readonly<Record<string, Case>> = {
  "server.address": {
    yaml: ["10.0.0.1", "10.0.0.1"],
    flag: ["FD00:0::1", "fd00::1"],
    wrong: ["localhost", "10.0.0.1:80", "10.1", "1", "null"],
    wrongFlag: "10.0.0.256",
  },
  "server.port": {
    yaml: ["0", 0],
    flag: ["65535", 65535],
    wrong: ["-1", "65536", "80.5", '"80"', "eighty", "null", "[80]"],
    wrongFlag: "70000",
  },
  "server.handoverPort": {
    yaml: ["0", 0],
    flag: ["9001", 9001],
    wrong: ["-1", "65536", "none"],
    wrongFlag: "70000",
  },
  "admin.address": {
    yaml: ["0.0.0.0", "0.0.0.0"],
    flag: ["::", "::"],
    wrong: ["true", '""'],
    wrongFlag: "",
  },
  "admin.port": {
    yaml: ["9000", 9000],
    flag: ["0", 0],
    wrong: ["65536", "1e9", "{}"],
    wrongFlag: "0x50",
  },
  "admin.socket": {
    yaml: ["/run/admin.sock", "/run/admin.sock"],
    flag: ["admin.sock", "admin.sock"],
    wrong: ['""', "[a]"],
    wrongFlag: "a\0",
  },
  "admin.debug": {
    yaml: ["true", true],
    flag: ["false", false],
    wrong: ['"true"', "1", "yes", "null"],
    wrongFlag: "maybe",
  },
  "kubernetes.apiServer": {
    yaml: ["https://10.0.0.1:6443", "https://10.0.0.1:6443"],
    flag: ["http://API.example/k8s/", "http://api.example/k8s"],
    wrong: [
      "10.0.0.1:6443",
      "ftp://a",
      "https://u@a",
      "https://u:p@a",
      "https://a/?b",
      "https://a#b",
      "https://",
      "https://a:99999",
      '"https://a b"',
      "1",
    ],
    wrongFlag: "api.example",
  },
  "kubernetes.apiToken": {
    yaml: ["secret-1", "secret-1"],
    flag: ["secret-2", "secret-2"],
    wrong: ['"two words"', '""', "12", '"line\\nfeed"'],
    wrongFlag: "two words",
    beside: ["--api-server=https://api.example"],
  },
  "kubernetes.apiTokenFile": {
    yaml: ["/var/token", "/var/token"],
    flag: ["token", "token"],
    wrong: ['""', "[a]", '"a\\0"'],
    wrongFlag: "a\0",
    beside: ["--api-server=https://api.example"],
  },
  "kubernetes.kubeconfig": {
    yaml: ["/root/.kube/config", "/root/.kube/config"],
    flag: ["config", "config"],
    wrong: ['""', "false"],
    wrongFlag: "a\0",
  },
  "kubernetes.insecure": {
    yaml: ["true", true],
    flag: ["0", false],
    wrong: ["no", '""'],
    wrongFlag: "",
  },
  "kubernetes.node": {
    yaml: ["node-1.example", "node-1.example"],
    flag: ["", ""],
    wrong: ["Node", "12", "null", "-a", '"a b"'],
    wrongFlag: "$(NODE_NAME)",
  },
  "kubernetes.events": {
    yaml: ["false", false],
    flag: ["true", true],
    wrong: ["no", "1"],
    wrongFlag: "no",
  },
  "kubernetes.maxStaleness": {
    yaml: ["1h30m", 5_400_000],
    flag: ["90s", 90_000],
    wrong: ["15", "0", "999ms", "25h", "15 m", "-1m", "1d", ".5h", "true"],
    wrongFlag: "soon",
  },
  "annotations.serviceAccount": {
    yaml: [KEY, KEY],
    flag: ["plain", "plain"],
    wrong: ['""', "a/b/c", "UPPER.example/x", "a/", "-a", "1"],
    wrongFlag: "",
  },
  "annotations.scopes": {
    yaml: [KEY, KEY],
    flag: ["a.b/C_d", "a.b/C_d"],
    wrong: ["a b", `a/${"x".repeat(64)}`],
    wrongFlag: "a b",
  },
  "annotations.allowedServiceAccounts": {
    yaml: [KEY, KEY],
    flag: ["x", "x"],
    wrong: ["[]", "/x"],
    wrongFlag: "/",
  },
  "defaults.serviceAccount": {
    yaml: ["default", "default"],
    flag: ["", ""],
    wrong: ["App@demo.iam.gserviceaccount.com", "nobody", "1", "null"],
    wrongFlag: "a@b/c",
  },
  "defaults.scopes": {
    yaml: ["[cloud-platform, openid]", ["cloud-platform", "openid"]],
    flag: ["https://mail.google.com/,logging.write", [
      "https://mail.google.com/",
      "logging.write",
    ]],
    wrong: ["[]", '""', "[1]", '["a b"]', '["http://a/b"]', "[a, [b]]", "null"],
    wrongFlag: "a,,b",
  },
  "restrictions.mode": {
    yaml: ["enforce", "enforce"],
    flag: ["Report", "report"],
    wrong: ["on", "true", "null"],
    wrongFlag: "on",
  },
  "metadata.address": {
    yaml: ["metadata.example:8080", "metadata.example:8080"],
    flag: ["[fd20:ce::254]:80", "[fd20:ce::254]:80"],
    wrong: ["fd20:ce::254", "a:0", "a:65536", "http://a", "a:b", '""', "a/b"],
    wrongFlag: "[1.2.3.4]",
  },
  "metadata.hosts": {
    yaml: ["[Metadata.Example]", ["metadata.example"]],
    flag: ["", []],
    wrong: ["[a:80]", '["a b"]', "1", "[null]"],
    wrongFlag: "a b",
  },
  "metadata.nextHop.enabled": {
    yaml: ["true", true],
    flag: ["F", false],
    wrong: ["on", "{}"],
    wrongFlag: "on",
  },
  "metadata.nextHop.address": {
    yaml: ["10.0.0.1", "10.0.0.1"],
    flag: ["localhost:988", "localhost:988"],
    wrong: ["988", "10.1:988", "1.2.3"],
    wrongFlag: ":988",
  },
  "metadata.expose": {
    yaml: ["gke", "gke"],
    flag: ["ALL", "all"],
    wrong: ["none", "[]"],
    wrongFlag: "none",
  },
  "metadata.allow": {
    yaml: ["[instance/disks/**, project/*]", [
      "instance/disks/**",
      "project/*",
    ]],
    flag: ["instance/tags, instance/image", [
      "instance/tags",
      "instance/image",
    ]],
    wrong: [
      "[/a]",
      "[a/]",
      "[a//b]",
      "[a/../b]",
      '["[a"]',
      "[a**]",
      '["a%2f"]',
    ],
    wrongFlag: "/a",
  },
  "metadata.deny": {
    yaml: ["instance/tags", ["instance/tags"]],
    flag: ["", []],
    wrong: ['["a\\\\"]', "{}", "[.]"],
    wrongFlag: "a,/b",
  },
  "google.iamEndpoint": {
    yaml: ["https://iam.example/", "https://iam.example"],
    flag: ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    wrong: ["iam.example", '""', "8080"],
    wrongFlag: "iam.example",
  },
  "google.universeDomain": {
    yaml: ["example-cloud.test", "example-cloud.test"],
    flag: ["googleapis.com", "googleapis.com"],
    wrong: ['""', "localhost", "a..b", "https://x.y", "X.Y", "null", "[a.b]"],
    wrongFlag: "a b.c",
  },
  "google.credentials": {
    yaml: ["adc", "adc"],
    flag: ["metadata", "metadata"],
    wrong: ["key.json", "null"],
    wrongFlag: "file",
  },
  "google.lifetime": {
    yaml: ["12h", 43_200_000],
    flag: ["1800s", 1_800_000],
    wrong: ["12h1ms", "4m59s", "3600", "0"],
    wrongFlag: "3600",
  },
  "google.delegates": {
    yaml: ["[a@demo.iam.gserviceaccount.com]", [
      "a@demo.iam.gserviceaccount.com",
    ]],
    flag: ["", []],
    wrong: ["[default]", "[a]", "null"],
    wrongFlag: "default",
  },
  "google.callsPerSecond": {
    yaml: ["1", 1],
    flag: ["1000", 1_000],
    wrong: ["0", "1001", "0.5", "null"],
    wrongFlag: "all",
  },
  "google.callBurst": {
    yaml: ["1", 1],
    flag: ["10000", 10_000],
    wrong: ["0", "10001", "null"],
    wrongFlag: "-1",
  },
  "tokens.cacheEntries": {
    yaml: ["100", 100],
    flag: ["1000000", 1_000_000],
    wrong: ["99", "1000001", "1000.5", '"1000"', "many", "null", "[1000]"],
    wrongFlag: "1e4",
  },
  "tokens.entriesPerPod": {
    yaml: ["2", 2],
    flag: ["10000", 10_000],
    wrong: ["1", "10001", "null"],
    wrongFlag: "many",
  },
  "tokens.prefetch": {
    yaml: ["false", false],
    flag: ["true", true],
    wrong: ["yes", "1", "null"],
    wrongFlag: "often",
  },
  "tokens.rememberRefusals": {
    yaml: ["0", 0],
    flag: ["10m", 600_000],
    wrong: ["11m", "10", "null"],
    wrongFlag: "10",
  },
  "interception.backend": {
    yaml: ["nftables", "nftables"],
    flag: ["IPtables", "iptables"],
    wrong: ["ipvs", "true", "null"],
    wrongFlag: "true",
    beside: ["--host-ip=10.128.0.2"],
  },
  "interception.address": {
    yaml: ["169.254.169.253", "169.254.169.253"],
    flag: ["::ffff:10.0.0.1", "10.0.0.1"],
    wrong: ["fd20:ce::254", "169.254.169.254:80", "metadata", "null", '""'],
    wrongFlag: "169.254.169.254/32",
  },
  "interception.ipv6Address": {
    yaml: ["fd20:ce::1", "fd20:ce::1"],
    flag: ["FD20:0CE:0::2", "fd20:ce::2"],
    wrong: [
      "169.254.169.254",
      "::ffff:10.0.0.1",
      '"[fd20:ce::254]"',
      "fe80::1%eth0",
      "null",
    ],
    wrongFlag: "[fd20:ce::254]:80",
  },
  "interception.hostIP": {
    yaml: ["10.128.0.2", "10.128.0.2"],
    flag: ["::ffff:10.128.0.3", "10.128.0.3"],
    wrong: ["node-1", '""', "10.128.0.2/32"],
    wrongFlag: "$(HOST_IP)",
  },
  "interception.interfaces": {
    yaml: ["[cali+, cni0]", ["cali+", "cni0"]],
    flag: ["!eth0", ["!eth0"]],
    wrong: [
      "+",
      '["!eth0", cni0]',
      '["!eth0", "!eth1"]',
      "[abcdefghijklmnop]",
      "[eth/0]",
      "eth 0",
      "1",
      "null",
    ],
    wrongFlag: "cni0,!eth0",
  },
  "interception.guard": {
    yaml: ["http", "http"],
    flag: ["Off", "off"],
    wrong: ["on", "false", "null"],
    wrongFlag: "none",
  },
  "interception.connectionsPerPod": {
    yaml: ["0", 0],
    flag: ["65535", 65_535],
    wrong: ["-1", "65536", "1.5", "null"],
    wrongFlag: "many",
  },
  "interception.refuseDirect": {
    yaml: ["true", true],
    flag: ["true", true],
    wrong: ["1", "null"],
    wrongFlag: "sometimes",
  },
  "interception.checkInterval": {
    yaml: ["1s", 1_000],
    flag: ["1m30s", 90_000],
    wrong: ["10", "0", "999ms", "10m1s", "null"],
    wrongFlag: "90",
  },
  "interception.watchRules": {
    yaml: ["false", false],
    flag: ["false", false],
    wrong: ["1", "null"],
    wrongFlag: "sometimes",
  },
  "backoff.maxElapsed": {
    yaml: ["0", 0],
    flag: ["500ms", 500],
    wrong: ["2", "61m", "-1s"],
    wrongFlag: "2",
  },
  "backoff.maxInterval": {
    yaml: ["1.5s", 1_500],
    flag: ["10ms", 10],
    wrong: ["0", "9ms"],
    wrongFlag: "0",
  },
  "telemetry.traceUrlTemplate": {
    yaml: [
      "https://t.example/a/{traceId}?b=c",
      "https://t.example/a/{traceId}?b=c",
    ],
    flag: ["http://t/{traceId}", "http://t/{traceId}"],
    wrong: ["https://t.example/", '"javascript:alert({traceId})"', "7"],
    wrongFlag: "{traceId}",
  },
  "log.format": {
    yaml: ["json", "json"],
    flag: ["TEXT", "text"],
    wrong: ["xml", "1"],
    wrongFlag: "xml",
  },
  "log.level": {
    yaml: ["Fatal", "error"],
    flag: ["WARNING", "warn"],
    wrong: ["loud", "3", "null"],
    wrongFlag: "loud",
  },
  "log.audit": {
    yaml: ["true", true],
    flag: ["true", true],
    wrong: ["1", "null"],
    wrongFlag: "sometimes",
  },
};

/** Writes a file with one value, nested as its key path says. */
function fileWith(option: Option, text: string): string {
  const keys = option.path.split(".");
  return keys.map((key, depth) =>
    `${"  ".repeat(depth)}${key}:${depth === keys.length - 1 ? ` ${text}` : ""}`
  ).join("\n");
}

/** Takes a value out of a configuration by key path. */
function valueAt(config: unknown, option: Option): unknown {
  return option.path.split(".").reduce(
    (value: unknown, key) =>
      typeof value === "object" && value !== null
        ? Object.entries(value).find(([name]) => name === key)?.[1]
        : undefined,
    config,
  );
}

Deno.test("OPTIONS has a case here for each of its options", () => {
  assert.deepEqual(OPTIONS.map(({ path }) => path), Object.keys(CASES));
});

Deno.test("OPTIONS names every flag once", () => {
  const flags = OPTIONS.flatMap(({ flag, shorthand }) =>
    shorthand === undefined ? [flag] : [flag, shorthand.flag]
  );
  assert.equal(new Set(flags).size, flags.length);
  for (const flag of flags) assert.match(flag, /^[a-z]+(-[a-z0-9]+)*$/);
});

Deno.test("OPTIONS says which of them a reload changes", () => {
  const isFixed = ({ isReloadable }: Option): boolean => isReloadable !== true;
  assert.deepEqual(OPTIONS.filter(isFixed).map(({ path }) => path), [
    "server.address",
    "server.port",
    "server.handoverPort",
    "admin.address",
    "admin.port",
    "admin.socket",
    "admin.debug",
    "kubernetes.apiServer",
    "kubernetes.apiToken",
    "kubernetes.apiTokenFile",
    "kubernetes.kubeconfig",
    "kubernetes.insecure",
    "kubernetes.node",
    "metadata.address",
    "metadata.nextHop.enabled",
    "metadata.nextHop.address",
    "google.iamEndpoint",
    "google.universeDomain",
    "google.credentials",
    "google.callsPerSecond",
    "google.callBurst",
    "tokens.cacheEntries",
    "tokens.entriesPerPod",
    "tokens.prefetch",
    "tokens.rememberRefusals",
    "interception.backend",
    "interception.address",
    "interception.ipv6Address",
    "interception.watchRules",
    "log.format",
  ]);
});

Deno.test("findOption() knows options only", () => {
  assert.equal(findOption("server.port")?.flag, "app-port");
  assert.equal(findOption("server"), undefined);
  assert.equal(findOption("server.port.x"), undefined);
});

for (const option of OPTIONS) {
  const { yaml, flag, wrong, wrongFlag, beside = [] } = CASES[option.path] ??
    assert.fail(`no case for ${option.path}`);
  const lines = option.path.split(".").length;

  Deno.test(`${option.path} is taken from the file`, async () => {
    const [text, value] = yaml;
    const loaded = await load({ yaml: fileWith(option, text), args: beside });
    assert.deepEqual(valueAt(loaded.config, option), value);
    const origin = loaded.origins.get(option.path);
    assert.equal(origin?.kind, "file");
    assert.equal(origin.file, "config.yaml");
    assert.equal(origin.line, lines);
  });

  Deno.test(`${option.path} is overridden by its flag`, async () => {
    const [text, value] = flag;
    const loaded = await load({
      yaml: fileWith(option, yaml[0]),
      args: [...beside, `--${option.flag}=${text}`],
    });
    assert.deepEqual(valueAt(loaded.config, option), value);
    assert.deepEqual(loaded.origins.get(option.path), {
      kind: "flag",
      flag: `--${option.flag}`,
    });
  });

  Deno.test(`${option.path} has its default and nothing else changes it`, async () => {
    const loaded = await load({ args: beside });
    const decoded = option.kind.decode(option.default);
    assert.equal(decoded.outcome, "accepted");
    assert.deepEqual(valueAt(loaded.config, option), decoded.value);
    assert.deepEqual(loaded.origins.get(option.path), { kind: "default" });
  });

  Deno.test(`${option.path} of a wrong type in the file is refused`, async (t) => {
    for (const text of wrong) {
      await t.step(text, async () => {
        const [issue, ...more] = await refusal({
          yaml: fileWith(option, text),
          args: beside,
        });
        assert.deepEqual(more, []);
        assert.equal(issue?.source, "config.yaml");
        assert.equal(issue.line, lines);
        assert((issue.column ?? 0) > 1);
        assert.equal(issue.path.replace(/\[\d+\]$/, ""), option.path);
        assert.match(issue.message, /^.+ is not accepted; expected .+/s);
      });
    }
  });

  Deno.test(`${option.path} of a wrong type as a flag is refused`, async () => {
    const [issue, ...more] = await refusal({
      args: [...beside, `--${option.flag}=${wrongFlag}`],
    });
    assert.deepEqual(more, []);
    assert.equal(issue?.source, `--${option.flag}`);
    assert.equal(issue.path.replace(/\[\d+\]$/, ""), option.path);
    assert.match(issue.message, / is not accepted; expected /);
  });

  Deno.test(`${option.path} survives being written and read again`, () => {
    for (const raw of [option.default, flag[0]]) {
      const decoded = option.kind.decode(
        raw === option.default ? raw : option.kind.fromText(String(raw)),
      );
      assert.equal(decoded.outcome, "accepted");
      assert.deepEqual(
        option.kind.decode(option.kind.encode(decoded.value)),
        decoded,
      );
    }
  });
}
