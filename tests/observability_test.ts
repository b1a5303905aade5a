import assert from "node:assert/strict";
import parseExposition from "parse-prometheus-text-format";
import { parseDocument } from "yaml";
import { startTestDaemon } from "./test_daemon.ts";

const FOLDER = new URL("../deploy/observability/", import.meta.url);
const README = new URL("../README.md", import.meta.url);

function read(name: string): string {
  return Deno.readTextFileSync(new URL(name, FOLDER));
}

function readYaml(name: string): {
  readonly spec: {
    readonly groups: readonly {
      readonly rules: readonly {
        readonly alert: string;
        readonly expr: string;
        readonly annotations: Readonly<Record<string, string>>;
      }[];
    }[];
  };
} {
  const document = parseDocument(read(name));
  assert.deepEqual(document.errors, []);
  return document.toJS();
}

const RULES = readYaml("rules.yaml").spec.groups.flatMap(({ rules }) => rules);

/** What a daemon tells that has served a request. */
async function scrape(): Promise<string> {
  await using daemon = await startTestDaemon("--interception-backend=none");
  const path = "instance/service-accounts/default/token";
  await daemon.askUntil(
    { from: "127.0.0.1", path },
    ({ status }) => status === 200,
  );
  const url = `http://127.0.0.1:${daemon.adminPort}/metrics`;
  return await (await fetch(url)).text();
}

/** Names of our metrics in an expression, without what histograms add. */
function namesIn(expression: string): readonly string[] {
  return [...expression.matchAll(/\b(?:saassigner|process)_[a-z_]+/g)]
    .map(([name]) => name.replace(/_(bucket|sum|count)$/, ""));
}

/** The interception has metrics too, which a daemon without rules does not. */
const INTERCEPTION = ["ok", "drifts_total", "repairs_total"].map((name) =>
  `saassigner_interception_${name}`
);

Deno.test("the exposition is well-formed, and every metric has help and type", async () => {
  const families = parseExposition(await scrape());
  assert.ok(families.length > 20, `${families.length} metrics`);
  for (const { name, help, type, metrics } of families) {
    assert.match(name, /^(saassigner|process)_[a-z_]+$/);
    assert.ok(help.length > 10, name);
    assert.ok(["COUNTER", "GAUGE", "HISTOGRAM"].includes(type), type);
    assert.equal(name.endsWith("_total"), type === "COUNTER", name);
    assert.ok(metrics.length < 50, name);
  }
});

Deno.test("dashboard and rules name only metrics that exist, and all that matter", async () => {
  const known = new Set([
    ...[...(await scrape()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) =>
      name
    ),
    ...INTERCEPTION,
  ]);
  const dashboard = JSON.parse(read("dashboard.json"));
  const shown: string[] = dashboard.panels.flatMap((
    panel: { targets?: readonly { expr?: string }[] },
  ) => panel.targets?.flatMap(({ expr = "" }) => namesIn(expr)) ?? []);
  const alerted = RULES.flatMap(({ expr }) => namesIn(expr));
  for (const name of [...shown, ...alerted]) assert.ok(known.has(name), name);
  const untold = [...known].filter((name) =>
    name?.startsWith("saassigner_") && !shown.includes(name)
  );
  assert.deepEqual(untold.toSorted(), [
    "saassigner_config_last_reload_timestamp_seconds",
    "saassigner_config_reloads_total",
    "saassigner_ready",
    "saassigner_requests_waiting_for_change",
  ]);
});

Deno.test("every alert has a summary, and a line in README", () => {
  const readme = Deno.readTextFileSync(README);
  assert.ok(RULES.length >= 8);
  for (const { alert, annotations } of RULES) {
    assert.ok(annotations["summary"], alert);
    assert.equal(annotations["runbook"], `README, ${alert}`);
    assert.ok(readme.includes(`\`${alert}\``), alert);
  }
});

Deno.test("the PodMonitor scrapes the admin port of the daemons", () => {
  const text = read("podmonitor.yaml");
  assert.deepEqual(parseDocument(text).errors, []);
  assert.match(text, /replacement: \$1:8182/);
  assert.match(text, /name: k8s-gke-service-account-assigner/);
});
