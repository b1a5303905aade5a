import assert from "node:assert/strict";
import { embedConfigSchema, VALUES_SCHEMA } from "./embed_config_schema.ts";
import {
  chartError,
  DEPLOY,
  lintChart,
  type Manifest,
  namesIn,
  parseYaml,
  readManifests,
  renderChart,
  renderKustomization,
  type Values,
} from "./manifests.ts";
import { checkSchema } from "./schemas.ts";

/** Labels that only the chart gives. */
const HELM_LABELS = new Set([
  "app.kubernetes.io/instance",
  "app.kubernetes.io/managed-by",
  "app.kubernetes.io/name",
  "app.kubernetes.io/version",
  "helm.sh/chart",
]);

/**
 * An object as both ways to deploy have it: without the labels that only the chart gives,
 * and with the configuration as what it says.
 */
function comparable(manifest: Manifest): Manifest {
  const { labels = {}, ...metadata } = manifest.metadata;
  const ours = Object.entries(labels).filter(([key]) => !HELM_LABELS.has(key));
  const object = {
    ...manifest,
    metadata: ours.length === 0
      ? metadata
      : { ...metadata, labels: Object.fromEntries(ours) },
  };
  if (manifest.kind !== "ConfigMap") return object;
  const { "config.yaml": config, ...others } = manifest["data"];
  return { ...object, data: { ...others, "config.yaml": parseYaml(config) } };
}

function comparableAll(
  manifests: readonly Manifest[],
): ReadonlyMap<string, Manifest> {
  return new Map(manifests.map((manifest) => [
    `${manifest.kind} ${manifest.metadata.name}`,
    comparable(manifest),
  ]));
}

function only(manifests: readonly Manifest[], kind: string): Manifest {
  const [manifest, ...others] = manifests.filter((manifest) =>
    manifest.kind === kind
  );
  assert.ok(manifest, kind);
  assert.deepEqual(others, []);
  return manifest;
}

async function renderPod(values: Values): Promise<Manifest["spec"]> {
  return only(await renderChart(values), "DaemonSet")["spec"].template;
}

Deno.test("chart: renders what the base of kustomize does", async () => {
  const chart = comparableAll(await renderChart());
  assert.equal(chart.size, 7);
  assert.deepEqual(
    chart,
    comparableAll(await renderKustomization("kustomize/base")),
  );
});

Deno.test("chart: Events that are not wanted need no role", async () => {
  const chart = await renderChart({
    config: { kubernetes: { events: false } },
  });
  const roles = chart.filter(({ kind }) => kind.startsWith("ClusterRole"));
  assert.deepEqual(roles.map(({ kind }) => kind).sort(), [
    "ClusterRole",
    "ClusterRoleBinding",
  ]);
});

Deno.test("chart: values make it any overlay", async (t) => {
  for (const name of await namesIn("kustomize/overlays")) {
    await t.step(name, async () => {
      const overlay = await renderKustomization(`kustomize/overlays/${name}`);
      const { data } = only(overlay, "ConfigMap");
      const { dnsPolicy, containers: [{ env }] } =
        only(overlay, "DaemonSet")["spec"].template.spec;
      const own = new Set(["NODE_NAME", "HOST_IP"]);
      const config = parseYaml(data["config.yaml"]);
      const known = hostsOf(await renderChart({ config }));
      const chart = await renderChart({
        config,
        dnsPolicy,
        extraHosts: hostsOf(overlay).filter((host) => !known.includes(host)),
        extraEnv: env.filter(({ name }: { readonly name: string }) =>
          !own.has(name)
        ),
      });
      assert.deepEqual(comparableAll(chart), sortedEnv(overlay, own));
    });
  }
});

/** Hosts that the daemon may talk to. */
function hostsOf(manifests: readonly Manifest[]): readonly string[] {
  const { command } =
    only(manifests, "DaemonSet")["spec"].template.spec.containers[0];
  const flag = command.find((each: string) => each.startsWith("--allow-net="));
  return flag.replace("--allow-net=", "").split(",");
}

Deno.test("chart: the daemon may talk to the hosts that its configuration names", async () => {
  const hosts = hostsOf(
    await renderChart({
      config: {
        server: { port: 9001, handoverPort: 9003 },
        admin: { port: 9002 },
        metadata: {
          address: "10.0.0.9:81",
          nextHop: { enabled: true, address: "127.0.0.1:9988" },
        },
        google: { universeDomain: "example.cloud" },
      },
      extraHosts: ["collector:4318"],
    }),
  );
  assert.deepEqual(hosts, [
    "unix:/run/saassigner/admin.sock",
    "0.0.0.0:9001",
    "0.0.0.0:9002",
    "0.0.0.0:9003",
    "$(HOST_IP):9001",
    "$(HOST_IP):9003",
    "$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)",
    "10.0.0.9:81",
    "iamcredentials.example.cloud:443",
    "127.0.0.1:9988",
    "collector:4318",
  ]);
  const [, , , , , , , , iam] = hostsOf(
    await renderChart({
      config: { google: { iamEndpoint: "https://iam.example.org:8443/" } },
    }),
  );
  assert.equal(iam, "iam.example.org:8443");
});

/** Kustomize puts the variables of a patch before those of the base. */
function sortedEnv(
  manifests: readonly Manifest[],
  first: ReadonlySet<string>,
): ReadonlyMap<string, Manifest> {
  const objects = comparableAll(structuredClone(manifests));
  for (const { kind, spec } of objects.values()) {
    if (kind !== "DaemonSet") continue;
    for (const container of spec.template.spec.containers) {
      const { true: own = [], false: others = [] } = Object.groupBy(
        container.env as readonly { readonly name: string }[],
        ({ name }) => `${first.has(name)}` as const,
      );
      container.env = [...own, ...others];
    }
  }
  return objects;
}

Deno.test("chart: every object is as its schema says, with every value set", async (t) => {
  for (const manifest of await renderChart(EVERYTHING)) {
    const { kind, metadata } = manifest;
    await t.step(`${kind} ${metadata.name}`, () => checkSchema(manifest));
  }
});

const EVERYTHING: Values = {
  config: { admin: { address: "0.0.0.0" }, restrictions: { mode: "enforce" } },
  image: {
    repository: "example.org/assigner",
    digest: `sha256:${"0123456789abcdef".repeat(4)}`,
    pullPolicy: "Always",
  },
  imagePullSecrets: [{ name: "registry" }],
  fullnameOverride: "assigner",
  serviceAccount: { annotations: { purpose: "tokens" } },
  resources: { requests: { cpu: "10m" }, limits: { memory: "1Gi" } },
  extraEnv: [{ name: "OTEL_DENO", value: "true" }],
  podAnnotations: { "example.org/team": "platform" },
  podLabels: { team: "platform" },
  updateStrategy: { type: "OnDelete", rollingUpdate: null },
  priorityClassName: "other",
  nodeSelector: { pool: "a" },
  tolerations: [{ key: "gpu", operator: "Exists" }],
  affinity: null,
  podMonitor: { enabled: true, labels: { release: "prometheus" } },
  admissionPolicy: { enabled: true, validationActions: ["Deny", "Audit"] },
};

Deno.test("chart: values reach the pod", async () => {
  const { metadata, spec } = await renderPod(EVERYTHING);
  assert.deepEqual(metadata, {
    labels: {
      "app.kubernetes.io/name": "k8s-gke-service-account-assigner",
      team: "platform",
    },
    annotations: { "example.org/team": "platform" },
  });
  const { containers: [daemon], initContainers: [guard] } = spec;
  const image = `example.org/assigner@sha256:${"0123456789abcdef".repeat(4)}`;
  for (const container of [daemon, guard]) {
    assert.equal(container.image, image);
    assert.equal(container.imagePullPolicy, "Always");
  }
  assert.deepEqual(daemon.env.at(-1), { name: "OTEL_DENO", value: "true" });
  assert.deepEqual(daemon.resources, {
    requests: { cpu: "10m", memory: "96Mi" },
    limits: { memory: "1Gi" },
  });
  assert.deepEqual(spec.imagePullSecrets, [{ name: "registry" }]);
  assert.equal(spec.serviceAccountName, "assigner");
  assert.equal(spec.priorityClassName, "other");
  assert.deepEqual(spec.nodeSelector, {
    "kubernetes.io/os": "linux",
    pool: "a",
  });
  assert.deepEqual(spec.tolerations, [{ key: "gpu", operator: "Exists" }]);
  assert.equal(spec.affinity, undefined);
});

Deno.test("chart: values reach the other objects", async () => {
  const chart = await renderChart(EVERYTHING);
  const account = only(chart, "ServiceAccount");
  assert.equal(account.metadata.name, "assigner");
  assert.deepEqual(account.metadata.annotations, { purpose: "tokens" });
  assert.deepEqual(only(chart, "DaemonSet")["spec"].updateStrategy, {
    type: "OnDelete",
  });
  assert.deepEqual(parseYaml(only(chart, "ConfigMap")["data"]["config.yaml"]), {
    admin: { address: "0.0.0.0" },
    interception: { backend: "iptables" },
    restrictions: { mode: "enforce" },
    log: { format: "json" },
  });
  assert.equal(
    only(chart, "PodMonitor").metadata.labels?.["release"],
    "prometheus",
  );
  assert.deepEqual(
    only(chart, "ValidatingAdmissionPolicyBinding")["spec"],
    { policyName: "assigner", validationActions: ["Deny", "Audit"] },
  );
});

Deno.test("chart: another's service account is used, not created", async () => {
  const chart = await renderChart({
    serviceAccount: { create: false, name: "theirs" },
  });
  assert.ok(chart.every(({ kind }) => kind !== "ServiceAccount"));
  const bindings = chart.filter(({ kind }) => kind === "ClusterRoleBinding");
  assert.equal(bindings.length, 2);
  for (const binding of bindings) {
    assert.deepEqual(binding["subjects"], [
      { kind: "ServiceAccount", name: "theirs", namespace: "kube-system" },
    ]);
  }
  const { spec } = only(chart, "DaemonSet")["spec"].template;
  assert.equal(spec.serviceAccountName, "theirs");
});

Deno.test("chart: the probes go where the admin listener is", async () => {
  const cases = [
    { admin: {}, host: "127.0.0.1", port: 8182 },
    {
      admin: { address: "0.0.0.0", port: 9000 },
      host: "127.0.0.1",
      port: 9000,
    },
    { admin: { address: "10.0.0.1" }, host: "10.0.0.1", port: 8182 },
    { admin: null, host: "127.0.0.1", port: 8182 },
  ];
  for (const { admin, host, port } of cases) {
    const { spec } = await renderPod({ config: { admin } });
    const { httpGet } = spec.containers[0].readinessProbe;
    assert.deepEqual({ host: httpGet.host, port: httpGet.port }, {
      host,
      port,
    });
  }
});

Deno.test("chart: the PodMonitor is that of deploy/observability", async () => {
  const chart = await renderChart({
    podMonitor: { enabled: true },
    config: { admin: { address: "0.0.0.0" } },
  });
  assert.deepEqual(
    [comparable(only(chart, "PodMonitor"))],
    await readManifests("observability/podmonitor.yaml"),
  );
});

Deno.test("chart: the admission policy is that of deploy/admission", async () => {
  const chart = await renderChart({ admissionPolicy: { enabled: true } });
  const kinds = /^ValidatingAdmissionPolicy/;
  assert.deepEqual(
    chart.filter(({ kind }) => kinds.test(kind)).map(comparable),
    [
      ...await readManifests("admission/policy.yaml"),
      ...await readManifests("admission/binding.yaml"),
    ],
  );
});

Deno.test("chart: the admission policy has the keys of the configuration", async () => {
  const chart = await renderChart({
    admissionPolicy: { enabled: true },
    config: {
      annotations: { serviceAccount: "iam/account", scopes: "iam/scopes" },
    },
  });
  const policy = only(chart, "ValidatingAdmissionPolicy")["spec"];
  const text = JSON.stringify(policy);
  assert.doesNotMatch(text, /accounts\.google\.com/);
  assert.match(text, /'iam\/account' in variables/);
  assert.match(text, /'iam\/scopes' in variables/);
});

Deno.test("chart: refuses values that cannot be meant", async (t) => {
  const cases: readonly { readonly values: Values; readonly error: RegExp }[] =
    [
      { values: { images: {} }, error: /'images' not allowed/ },
      { values: { image: { tga: "1" } }, error: /'tga' not allowed/ },
      { values: { image: { digest: "sha256:1" } }, error: /\/image\/digest/ },
      {
        values: { config: { restrictions: { mod: "off" } } },
        error: /\/config\/restrictions[^]*'mod' not allowed/,
      },
      {
        values: { config: { interception: { interfaces: ["no such"] } } },
        error: /\/config\/interception\/interfaces/,
      },
      {
        values: { config: { interception: { backend: "none" } } },
        error: /only one daemon fits on a node/,
      },
      {
        values: { config: { server: { handoverPort: 0 } } },
        error: /only one daemon fits on a node/,
      },
      {
        values: {
          podMonitor: { enabled: true },
          config: { admin: { address: "127.0.0.1" } },
        },
        error: /set config\.admin\.address to 0\.0\.0\.0/,
      },
    ];
  for (const { values, error } of cases) {
    await t.step(
      error.source,
      async () => assert.match(await chartError(values), error),
    );
  }
});

Deno.test("chart: the schema of its values has that of the configuration", async () => {
  assert.equal(
    await Deno.readTextFile(VALUES_SCHEMA),
    await embedConfigSchema(),
    "values.schema.json is stale; write it with: deno task chart:schema",
  );
});

/** Values that are parts of Kubernetes' own objects, any field of which may be left out. */
const PARTS = new Set(["affinity", "resources", "updateStrategy"]);

Deno.test("chart: every value of the schema has a default", async () => {
  const { properties } = JSON.parse(await Deno.readTextFile(VALUES_SCHEMA));
  const values = parseYaml(
    await Deno.readTextFile(new URL("values.yaml", VALUES_SCHEMA)),
  );
  const { global: _, ...known } = properties;
  assert.deepEqual(Object.keys(values).sort(), Object.keys(known).sort());
  for (
    const [key, { properties }] of Object.entries<
      { readonly properties?: object }
    >(
      known,
    )
  ) {
    if (PARTS.has(key) || properties === undefined) continue;
    assert.deepEqual(
      Object.keys(values[key]).sort(),
      Object.keys(properties).sort(),
    );
  }
});

Deno.test("chart: its version is the project's", async () => {
  const chart = parseYaml(
    await Deno.readTextFile(
      new URL("helm/k8s-gke-service-account-assigner/Chart.yaml", DEPLOY),
    ),
  );
  const { version } = JSON.parse(
    await Deno.readTextFile(new URL("../deno.json", DEPLOY)),
  );
  assert.equal(chart.version, version);
  assert.equal(chart.appVersion, version);
});

Deno.test("chart: helm lint has nothing to say", async () => {
  assert.match(await lintChart(), /1 chart\(s\) linted, 0 chart\(s\) failed/);
});
