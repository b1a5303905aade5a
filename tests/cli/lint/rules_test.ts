import assert from "node:assert/strict";
import { loadForCluster } from "../../../src/cli/load_for_cluster.ts";
import { lintManifests } from "../../../src/cli/lint/lint_manifests.ts";
import { lintSettingsOf } from "../../../src/cli/lint/settings.ts";
import { recordIo } from "../recorded_io.ts";

const SETTINGS = lintSettingsOf(
  await loadForCluster([], recordIo()),
  undefined,
);
const ACCOUNT = "app@my-project.iam.gserviceaccount.com";

/** Rules and advice of an object. */
function lint(object: unknown): readonly string[] {
  const source = { file: "f", text: JSON.stringify(object) };
  return lintManifests([source], SETTINGS).findings.map(
    ({ severity, rule, advice }) => `${severity} ${rule}: ${advice}`,
  );
}

function rulesOf(object: unknown): readonly string[] {
  return lint(object).map((line) => line.split(" ")[1]?.replace(":", "") ?? "");
}

function pod(annotations: unknown, spec: unknown = {}): unknown {
  const metadata = { name: "app", annotations };
  return { apiVersion: "v1", kind: "Pod", metadata, spec };
}

function namespace(list: unknown): unknown {
  const annotations = { "accounts.google.com/allowed-service-accounts": list };
  const metadata = { name: "shop", annotations };
  return { apiVersion: "v1", kind: "Namespace", metadata };
}

Deno.test("lint tells misspelt keys from those of others", async (t) => {
  const service = "accounts.google.com/service-account";
  const scopes = "accounts.google.com/scopes";
  const cases: readonly (readonly [key: string, meant: string | undefined])[] =
    [
      ["accounts.google.com/service-acount", service],
      ["accounts.google.com/serviceAccount", service],
      ["accounts.google.com/Service-Account", service],
      ["account.google.com/service-account", service],
      ["accounts.google.com/scope", scopes],
      [
        "accounts.google.com/allowed-service-account",
        "accounts.google.com/allowed-service-accounts",
      ],
      ["iam.gke.io/gcp-service-account", undefined],
      ["example.com/service-account", undefined],
      ["kubernetes.io/description", undefined],
      ["service-account", undefined],
    ];
  for (const [key, meant] of cases) {
    await t.step(key, () =>
      assert.deepEqual(
        lint(pod({ [key]: ACCOUNT })),
        meant === undefined
          ? []
          : [`error misspelt-key: Did you mean ${meant}?`],
      ));
  }
});

Deno.test("lint finds a misspelt key beside the right one less grave", () => {
  const annotations = {
    "accounts.google.com/service-account": ACCOUNT,
    "accounts.google.com/service-acccount": ACCOUNT,
  };
  assert.deepEqual(lint(pod(annotations)), [
    "warning misspelt-key: Did you mean accounts.google.com/service-account?",
  ]);
});

Deno.test("lint knows where each kind has its pods", async (t) => {
  const annotations = { "accounts.google.com/service-account": ACCOUNT };
  const containers = [{ name: "main" }];
  const template = { metadata: { annotations }, spec: { containers } };
  const kinds: readonly (readonly [string, string, unknown])[] = [
    ["apps/v1", "Deployment", { spec: { template } }],
    ["apps/v1", "StatefulSet", { spec: { template } }],
    ["apps/v1", "DaemonSet", { spec: { template } }],
    ["apps/v1", "ReplicaSet", { spec: { template } }],
    ["v1", "ReplicationController", { spec: { template } }],
    ["batch/v1", "Job", { spec: { template } }],
    ["batch/v1", "CronJob", { spec: { jobTemplate: { spec: { template } } } }],
    ["v1", "PodTemplate", { template }],
    ["argoproj.io/v1alpha1", "Rollout", { spec: { template } }],
    ["serving.knative.dev/v1", "Service", { spec: { template } }],
  ];
  for (const [apiVersion, kind, body] of kinds) {
    await t.step(kind, () => {
      const object = { apiVersion, kind, ...body as Record<string, unknown> };
      const metadata = { name: "app", annotations };
      const path = kind === "CronJob"
        ? "spec.jobTemplate.spec.template.metadata.annotations"
        : kind === "PodTemplate"
        ? "template.metadata.annotations"
        : "spec.template.metadata.annotations";
      assert.deepEqual(lint({ ...object, metadata: { name: "app" } }), []);
      assert.deepEqual(lint({ ...object, metadata }), [
        `error misplaced-annotation: Move it to ${path}`,
      ]);
      const text = JSON.stringify(object).replaceAll(ACCOUNT, "nobody");
      assert.deepEqual(rulesOf(JSON.parse(text)), ["account-malformed"]);
    });
  }
  assert.deepEqual(
    lint({
      apiVersion: "example.com/v1",
      kind: "Spark",
      metadata: { annotations },
    }),
    [],
  );
});

Deno.test("lint reads lists in lists, and items without a kind", () => {
  const bad = { "accounts.google.com/service-account": "nobody" };
  const items = [{ metadata: { name: "app", annotations: bad } }];
  const pods = { apiVersion: "v1", kind: "PodList", items };
  const typed = items.map((item) => ({ ...item, apiVersion: "v1" }));
  const found = ["account-malformed"];
  assert.deepEqual(rulesOf(pods), found);
  assert.deepEqual(rulesOf({ ...pods, items: typed }), found);
  assert.deepEqual(rulesOf({ kind: "List", items: [pods] }), found);
  assert.deepEqual(rulesOf({ kind: "List", items: [null, 1, "a"] }), []);
});

Deno.test("lint judges each pattern of a list", async (t) => {
  const cases: readonly (readonly [list: unknown, rules: readonly string[]])[] =
    [
      ['["*@my-project.iam.gserviceaccount.com"]', []],
      ['["[0-9]*-compute@developer.gserviceaccount.com"]', [
        "pattern-matches-everything",
      ]],
      ['["123-compute@developer.gserviceaccount.com"]', []],
      ['["*"]', ["pattern-matches-everything"]],
      ['["*@*"]', ["pattern-matches-everything"]],
      ['["?*@*.iam.gserviceaccount.com"]', ["pattern-matches-everything"]],
      ['["*@appspot.gserviceaccount.com"]', ["pattern-matches-everything"]],
      ['["app@*"]', ["pattern-matches-everything"]],
      ['["k*@*.iam.gserviceaccount.com"]', ["pattern-matches-everything"]],
      ['["*@no-such-project-17.iam.gserviceaccount.com"]', []],
      ['["no-such*@appspot.gserviceaccount.com"]', []],
      ['["App@my-project.iam.gserviceaccount.com"]', [
        "pattern-matches-nothing",
      ]],
      ['["app"]', ["pattern-matches-nothing"]],
      [JSON.stringify(["?*".repeat(254)]), ["pattern-matches-everything"]],
      [JSON.stringify(["?*".repeat(16_000)]), ["pattern-matches-nothing"]],
      ['["a[b"]', ["pattern-malformed"]],
      ['["a[z-a]@*"]', ["pattern-malformed"]],
      ["[]", ["list-empty"]],
      ['"*"', ["namespace-list-malformed"]],
      ["[1]", ["namespace-list-malformed"]],
      ["['a']", ["namespace-list-malformed"]],
      ["", ["namespace-list-malformed"]],
      [["*"], ["annotation-not-text"]],
      [null, ["annotation-not-text"]],
    ];
  for (const [list, rules] of cases) {
    await t.step(
      JSON.stringify(list).slice(0, 80),
      () => assert.deepEqual(rulesOf(namespace(list)), rules),
    );
  }
});

Deno.test("lint takes a pod of the node's network that wants no account", () => {
  const spec = { hostNetwork: true };
  const account = { "accounts.google.com/service-account": ACCOUNT };
  assert.deepEqual(rulesOf(pod({ other: "value" }, spec)), []);
  assert.deepEqual(rulesOf(pod(account, spec)), ["host-network"]);
  assert.deepEqual(rulesOf(pod(account, { hostNetwork: false })), []);
});
