import assert from "node:assert/strict";
import { ConfigError } from "../../../src/config/config_error.ts";
import { UsageError } from "../../../src/cli/command.ts";
import { systemClock } from "../../../src/cli/system_clock.ts";
import { DAEMON_RULES } from "../../../src/sandbox/daemon_access.ts";
import {
  controllerObject,
  nodeObject,
  ownerOf,
  type PodDescription,
  podObject,
} from "../../../src/sandbox/kubernetes/objects.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { SANDBOX_NODE } from "../../../src/sandbox/sandbox_pods.ts";
import { clockOf } from "../../google/manual_clock.ts";
import { ManualTime } from "../../sandbox/manual_time.ts";
import {
  callDoctor,
  type ExamineOptions,
  examineSandbox,
  startSubject,
} from "./examined.ts";

const ACCOUNT_KEY = "accounts.google.com/service-account";
const NODE_ACCOUNT = "gke-node@demo-proj.iam.gserviceaccount.com";
const ADMIN = "admin@demo-proj.iam.gserviceaccount.com";
const APP = "app@demo-proj.iam.gserviceaccount.com";
const NONE =
  "interception.backend is none: the rules are left to somebody else";

/** A ready daemon on a node. */
function daemonOn(
  nodeName: string,
  other: Partial<PodDescription> = {},
): ReturnType<typeof podObject> {
  return podObject({
    name: `daemon-${nodeName}`,
    namespace: "kube-system",
    nodeName,
    podIP: "10.128.0.2",
    hostNetwork: true,
    labels: { "app.kubernetes.io/name": "k8s-gke-service-account-assigner" },
    ...other,
  });
}

/** A pod of the sandbox's node with an annotation. */
function assigned(
  account: string,
  other: Partial<PodDescription> = {},
): ReturnType<typeof podObject> {
  return podObject({
    name: "extra",
    podIP: "127.0.0.14",
    nodeName: SANDBOX_NODE,
    annotations: { [ACCOUNT_KEY]: account },
    ...other,
  });
}

const HEALTHY = `
ok           configuration                 no file: defaults, environment and flags
ok           API server                    v1.33.4-gke.1134000 at KUBERNETES
ok           RBAC                          list pods, watch pods, list namespaces, watch namespaces, create events.events.k8s.io, patch events.events.k8s.io
ok           metadata server               METADATA, project demo-proj
ok           node account                  ${NODE_ACCOUNT}
ok           node scopes                   https://www.googleapis.com/auth/cloud-platform
ok           IAM Credentials API           answers at IAM
ok           account                       ${ADMIN}: the node may act as it
ok           account                       ${APP}: the node may act as it
ok           account                       billing@demo-proj.iam.gserviceaccount.com: the node may act as it
ok           pods of this node             5 on node sandbox-node, 3 with an account of their own
not checked  controllers                   RBAC: this account may not list deployments, statefulsets, daemonsets, replicasets, jobs, cronjobs
not checked  allow-lists                   restrictions.mode is off
not checked  interception                  ${NONE}
not checked  interception tool             ${NONE}
not checked  interception target           ${NONE}
not checked  connection tracking           ${NONE}
not checked  redirects of others           ${NONE}
not checked  Workload Identity of GKE      RBAC: this account may not get nodes
ok           daemons                       ready on all 1 nodes with annotated pods
ok           clock by the API server       within 2 s
ok           clock by the metadata server  within 2 s

0 failed, 0 warnings, 8 not checked, 14 ok
`.slice(1);

Deno.test("doctor prints a table in the order of the checks", async () => {
  await using sandbox = await startSubject();
  sandbox.kubernetes.cluster.create(daemonOn(SANDBOX_NODE));
  assert.deepEqual(await examineSandbox(sandbox), {
    code: 0,
    out: HEALTHY,
    err: "",
  });
});

Deno.test("doctor colours the table on a terminal, and shows there what it waits for", async () => {
  await using sandbox = await startSubject();
  sandbox.kubernetes.cluster.create(daemonOn(SANDBOX_NODE));
  const { code, out, err } = await examineSandbox(sandbox, {
    io: { useColor: true, showsProgress: true },
  });
  assert.equal(code, 0);
  assert.equal(
    out,
    HEALTHY.replaceAll(/^ok {11}/gm, "\x1b[32mok\x1b[0m           ")
      .replaceAll(/^not checked/gm, "\x1b[2mnot checked\x1b[0m"),
  );
  const shown = err.split("\r\x1b[K");
  assert.equal(shown[1], "0 of 12 done, waiting for the API server");
  assert.match(shown.at(-2) ?? "", /^11 of 12 done, waiting for \S/);
  assert.equal(shown.at(-1), "");
});

Deno.test("doctor writes JSON for programs", async () => {
  await using sandbox = await startSubject();
  sandbox.iam.accounts.revoke(ADMIN, NODE_ACCOUNT);
  for (const args of [["-o", "json"], ["--output=json"]]) {
    const { code, out } = await examineSandbox(sandbox, { args });
    assert.equal(code, 3);
    const { findings } = JSON.parse(out);
    assert.deepEqual(findings[0], {
      name: "configuration",
      status: "ok",
      detail: "no file: defaults, environment and flags",
    });
    assert.deepEqual(findings[7], {
      name: "account",
      status: "failed",
      detail:
        `${ADMIN}: The node's account may not act as ${ADMIN}: it needs roles/iam.serviceAccountTokenCreator on that account`,
      fix:
        `gcloud iam service-accounts add-iam-policy-binding ${ADMIN} --member=serviceAccount:${NODE_ACCOUNT} --role=roles/iam.serviceAccountTokenCreator`,
    });
  }
});

/** A trouble, and the lines of the report that tell of it. */
interface Case extends ExamineOptions {
  readonly name: string;
  readonly prepare?: (sandbox: Sandbox) => unknown;
  readonly code: number;
  readonly says: readonly string[];
  /** Names of checks that the report must have nothing of but what it says. */
  readonly about: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: "a warning of the configuration",
    args: ["--node="],
    code: 0,
    about: ["configuration", "Workload Identity of GKE"],
    says: [
      "ok           configuration                 no file: defaults, environment and flags",
      "warning      configuration                 kubernetes.node is not set: the pods of all nodes are watched",
      "             fix: Change it, unless it is meant so",
      "not checked  Workload Identity of GKE      kubernetes.node is not set",
    ],
  },
  {
    name: "an API server that is away",
    prepare: (sandbox) => sandbox.kubernetes.stop(),
    code: 3,
    about: [
      "RBAC",
      "pods of this node",
      "controllers",
      "daemons",
      "clock by the API server",
    ],
    says: [
      "not checked  RBAC                          the API server is not reached",
      "not checked  pods of this node             the API server is not reached",
      "not checked  controllers                   the API server is not reached",
      "not checked  daemons                       the API server is not reached",
      "not checked  clock by the API server       the API server is not reached",
    ],
  },
  {
    name: "an API server that does not know the token",
    prepare: ({ kubernetes }) => kubernetes.acceptTokens(["another"]),
    code: 3,
    about: ["API server"],
    says: [
      "failed       API server                    KUBERNETES: GET /version answered 401: Unauthorized",
      "             fix: See that the token or kubeconfig is valid, and the service account still there",
    ],
  },
  {
    name: "rights that are missing",
    prepare: ({ kubernetes, apiToken: token }) =>
      kubernetes.acceptTokens([{
        token,
        rules: DAEMON_RULES.filter(({ verb }) => verb !== "watch"),
      }]),
    code: 3,
    about: ["RBAC"],
    says: [
      "failed       RBAC                          this account may not watch pods",
      "             fix: Apply the ClusterRole and ClusterRoleBinding of the manifests again: kubectl apply -k deploy/kustomize/base",
      "warning      RBAC                          this account may not watch namespaces, which this configuration does not need",
      "             fix: Apply the ClusterRole and ClusterRoleBinding of the manifests again: kubectl apply -k deploy/kustomize/base",
    ],
  },
  {
    name: "no rights at all",
    args: ["--restrictions-mode=report"],
    prepare: ({ kubernetes, apiToken: token }) =>
      kubernetes.acceptTokens([{ token, rules: [] }]),
    code: 3,
    about: ["pods of this node", "allow-lists", "daemons"],
    says: [
      "not checked  pods of this node             RBAC: this account may not list pods",
      "not checked  allow-lists                   RBAC: this account may not list pods",
      "not checked  daemons                       RBAC: this account may not list pods",
    ],
  },
  {
    name: "a metadata server that is away",
    prepare: (sandbox) => sandbox.metadata.stop(),
    code: 3,
    about: ["node account", "node scopes", "clock by the metadata server"],
    says: [
      "not checked  node account                  the metadata server is not reached",
      "not checked  node scopes                   the metadata server is not reached",
      "not checked  clock by the metadata server  the metadata server is not reached",
    ],
  },
  {
    name: "a node without an account",
    prepare: ({ metadata }) => metadata.setAccount("none"),
    code: 3,
    about: ["node account", "node scopes"],
    says: [
      "failed       node account                  the node has no service account",
      "             fix: Make a node pool with one: gcloud container node-pools create POOL --cluster=CLUSTER --service-account=ACCOUNT --scopes=cloud-platform",
      "not checked  node scopes                   the node has no service account",
    ],
  },
  {
    name: "scopes of the node that are too narrow",
    prepare: ({ metadata }) =>
      metadata.setAccount({
        email: NODE_ACCOUNT,
        scopes: ["https://www.googleapis.com/auth/devstorage.read_only"],
      }),
    code: 3,
    about: ["node scopes", "IAM Credentials API", "account"],
    says: [
      "failed       node scopes                   cloud-platform is missing; there is https://www.googleapis.com/auth/devstorage.read_only",
      "             fix: Make a node pool with the scope cloud-platform: gcloud container node-pools create POOL --cluster=CLUSTER --scopes=cloud-platform",
      "failed       IAM Credentials API           it does not take the node's credentials, which lack the scope cloud-platform",
      "             fix: Make a node pool with the scope cloud-platform: gcloud container node-pools create POOL --cluster=CLUSTER --scopes=cloud-platform",
      `not checked  account                       ${ADMIN}: The node's credentials lack the cloud-platform scope: Request had insufficient authentication scopes.`,
      `not checked  account                       ${APP}: IAM cannot be called`,
      "not checked  account                       billing@demo-proj.iam.gserviceaccount.com: IAM cannot be called",
    ],
  },
  {
    name: "an API that is not enabled",
    prepare: ({ iam }) => iam.setApi("disabled"),
    code: 3,
    about: ["IAM Credentials API"],
    says: [
      "failed       IAM Credentials API           it is not enabled in project demo-proj",
      "             fix: gcloud services enable iamcredentials.googleapis.com --project=demo-proj",
    ],
  },
  {
    name: "IAM that is away",
    prepare: (sandbox) => sandbox.iam.stop(),
    code: 3,
    about: ["IAM Credentials API"],
    says: [
      "failed       IAM Credentials API           IAM: IAM cannot be reached or failed; try again: fetch failed: …",
      "             fix: See whether a firewall is in between; without external addresses, nodes need Private Google Access",
    ],
  },
  {
    name: "no pod and no default account",
    prepare: ({ kubernetes, iam }) => {
      for (const pod of kubernetes.cluster.list("pods")) {
        const { namespace = "", name } = pod.metadata;
        kubernetes.cluster.remove({ resource: "pods", namespace, name });
      }
      iam.accounts.revoke(NODE_ACCOUNT, NODE_ACCOUNT);
    },
    code: 0,
    about: ["IAM Credentials API", "account", "daemons"],
    says: [
      "ok           IAM Credentials API           answers at IAM",
      "ok           daemons                       no pod of the cluster has an account of its own",
    ],
  },
  {
    name: "the node's account as the default one, without the role on itself",
    args: ["--default-service-account=default"],
    prepare: ({ iam, kubernetes }) => {
      iam.accounts.revoke(NODE_ACCOUNT, NODE_ACCOUNT);
      for (const name of ["invoices", "outsider"]) {
        const namespace = name === "invoices" ? "billing" : "shop";
        kubernetes.cluster.remove({ resource: "pods", namespace, name });
      }
    },
    code: 3,
    about: ["account"],
    says: [
      `failed       account                       ${NODE_ACCOUNT}: the default one, and the node's own: The node's account may not act as ${NODE_ACCOUNT}: it needs roles/iam.serviceAccountTokenCreator on that account`,
      `             fix: gcloud iam service-accounts add-iam-policy-binding ${NODE_ACCOUNT} --member=serviceAccount:${NODE_ACCOUNT} --role=roles/iam.serviceAccountTokenCreator`,
      `ok           account                       ${APP}: the node may act as it`,
    ],
  },
  {
    name: "an account that does not exist, and a chain of delegates",
    args: [`--google-delegates=${APP}`],
    prepare: ({ iam, kubernetes }) => {
      for (const { account } of [{ account: ADMIN }]) {
        iam.accounts.remove(account);
      }
      kubernetes.cluster.remove({
        resource: "pods",
        namespace: "billing",
        name: "invoices",
      });
      iam.accounts.grant(APP, APP);
    },
    code: 3,
    about: ["account"],
    says: [
      `failed       account                       ${ADMIN}: The service account ${ADMIN} does not exist, or the node's account lacks roles/iam.serviceAccountTokenCreator on it`,
      `             fix: gcloud iam service-accounts add-iam-policy-binding ${ADMIN} --member=serviceAccount:${APP} --role=roles/iam.serviceAccountTokenCreator`,
      `ok           account                       ${APP}: the node may act as it`,
    ],
  },
  {
    name: "keys that are misspelt",
    prepare: ({ kubernetes: { cluster } }) => {
      const annotations = { "accounts.google.com/serviceaccount": APP };
      cluster.create(assigned(APP, { annotations }));
      cluster.create(
        assigned(APP, { name: "on-host", hostNetwork: true, annotations }),
      );
    },
    code: 3,
    about: ["pod"],
    says: [
      `failed       pod                           default/extra has the annotation accounts.google.com/serviceaccount, where ${ACCOUNT_KEY} was probably meant`,
      `             fix: Rename accounts.google.com/serviceaccount to ${ACCOUNT_KEY} in the annotations of the pod, or the template of its controller (not the controller itself)`,
      "warning      pod                           default/on-host uses the node's network and gets the node's account, not the one of its annotation",
      "             fix: Run the pod without hostNetwork, or give the node's own account what it needs",
    ],
  },
  {
    name: "annotations of controllers that their pods do not get",
    prepare: ({ kubernetes, apiToken }) => {
      const { cluster } = kubernetes;
      kubernetes.acceptTokens([apiToken]);
      const annotations = { [ACCOUNT_KEY]: APP };
      const web = cluster.create(
        controllerObject({ kind: "Deployment", name: "web", annotations }),
      );
      // What others made of it is not to be changed.
      cluster.create(controllerObject({
        kind: "ReplicaSet",
        name: "web-7f9c",
        annotations,
        owner: ownerOf(web),
      }));
      cluster.create(controllerObject({
        kind: "StatefulSet",
        name: "fine",
        annotations,
        templateAnnotations: annotations,
      }));
      cluster.create(controllerObject({
        kind: "CronJob",
        name: "nightly",
        jobAnnotations: annotations,
      }));
    },
    code: 3,
    about: ["controllers", "controller"],
    says: [
      `failed       controller                    Deployment default/web has ${ACCOUNT_KEY} in metadata.annotations, which its pods do not get`,
      `             fix: Move ${ACCOUNT_KEY} from metadata.annotations to spec.template.metadata.annotations of the Deployment web: kubectl patch deployment web --namespace default --type merge --patch '{"spec":{"template":{"metadata":{"annotations":{"${ACCOUNT_KEY}":"${APP}"}}}}}'`,
      `failed       controller                    CronJob default/nightly has ${ACCOUNT_KEY} in spec.jobTemplate.metadata.annotations, which its pods do not get`,
      `             fix: Move ${ACCOUNT_KEY} from spec.jobTemplate.metadata.annotations to spec.jobTemplate.spec.template.metadata.annotations of the CronJob nightly: kubectl patch cronjob nightly --namespace default --type merge --patch '{"spec":{"jobTemplate":{"spec":{"template":{"metadata":{"annotations":{"${ACCOUNT_KEY}":"${APP}"}}}}}}}'`,
    ],
  },
  {
    name: "controllers of which only some may be listed",
    prepare: ({ kubernetes, apiToken: token }) => {
      kubernetes.cluster.create(
        {
          ...controllerObject({
            kind: "Job",
            name: "over",
            annotations: { [ACCOUNT_KEY]: APP },
          }),
          status: { conditions: [{ type: "Complete", status: "True" }] },
        },
      );
      kubernetes.acceptTokens([{
        token,
        rules: [
          ...DAEMON_RULES,
          { verb: "list", resource: "jobs" },
          { verb: "list", resource: "cronjobs" },
        ],
      }]);
    },
    code: 0,
    about: ["controllers"],
    says: [
      "ok           controllers                   1, none with a misplaced annotation",
      "not checked  controllers                   RBAC: this account may not list deployments, statefulsets, daemonsets, replicasets",
    ],
  },
  {
    name: "annotations that are malformed, or have no effect",
    prepare: ({ kubernetes: { cluster } }) => {
      cluster.create(assigned("app\u001b[2J"));
      cluster.create(assigned(APP, { name: "on-host", hostNetwork: true }));
    },
    code: 3,
    about: ["pods of this node", "pod"],
    says: [
      "ok           pods of this node             6 on node sandbox-node, 5 with an account of their own",
      "failed       pod                           default/extra: The pod's service account annotation must be the e-mail of a Google service account",
      `             fix: Set ${ACCOUNT_KEY} to the e-mail of a Google service account, such as app@PROJECT.iam.gserviceaccount.com`,
      "warning      pod                           default/on-host uses the node's network and gets the node's account, not the one of its annotation",
      "             fix: Run the pod without hostNetwork, or give the node's own account what it needs",
    ],
  },
  {
    name: "accounts outside their namespace's list, where that is reported",
    args: ["--restrictions-mode=report"],
    prepare: ({ kubernetes: { cluster } }) => {
      cluster.create(
        assigned(ADMIN, { name: "elsewhere", nodeName: "node-2" }),
      );
      cluster.patch({ resource: "namespaces", name: "billing" }, {
        metadata: {
          annotations: {
            "accounts.google.com/allowed-service-accounts": "billing",
          },
        },
      });
    },
    code: 0,
    about: ["allow-lists", "namespace"],
    says: [
      "warning      namespace                     billing has a malformed list, which allows nothing: enforce would refuse 1 of 1 pods: billing@demo-proj.iam.gserviceaccount.com",
      `             fix: kubectl annotate --overwrite namespace billing 'accounts.google.com/allowed-service-accounts=["billing@demo-proj.iam.gserviceaccount.com"]'`,
      `warning      namespace                     default has a list without their accounts: enforce would refuse 1 of 3 pods: ${ADMIN}`,
      `             fix: kubectl annotate --overwrite namespace default 'accounts.google.com/allowed-service-accounts=["${APP}","${ADMIN}"]'`,
      `warning      namespace                     shop has a list without their accounts: enforce would refuse 1 of 1 pods: ${ADMIN}`,
      `             fix: kubectl annotate --overwrite namespace shop 'accounts.google.com/allowed-service-accounts=["shop-*@demo-proj.iam.gserviceaccount.com","${ADMIN}"]'`,
    ],
  },
  {
    name: "accounts outside their namespace's list, where that is enforced",
    args: ["--restrictions-mode=enforce"],
    code: 3,
    about: ["allow-lists", "namespace"],
    says: [
      `failed       namespace                     shop has a list without their accounts: 1 of 1 pods are refused: ${ADMIN}`,
      `             fix: kubectl annotate --overwrite namespace shop 'accounts.google.com/allowed-service-accounts=["shop-*@demo-proj.iam.gserviceaccount.com","${ADMIN}"]'`,
    ],
  },
  {
    name: "accounts that are all in their namespace's list",
    args: ["--restrictions-mode=enforce"],
    prepare: ({ kubernetes: { cluster } }) =>
      cluster.remove({
        resource: "pods",
        namespace: "shop",
        name: "outsider",
      }),
    code: 0,
    about: ["allow-lists", "namespace"],
    says: [
      "ok           allow-lists                   every account is in the list of its namespace (6 namespaces)",
    ],
  },
  {
    name: "a node that GKE's Workload Identity has",
    prepare: ({ kubernetes, apiToken: token }) => {
      kubernetes.cluster.create(nodeObject({
        name: SANDBOX_NODE,
        labels: { "iam.gke.io/gke-metadata-server-enabled": "true" },
      }));
      kubernetes.acceptTokens([token]);
    },
    code: 3,
    about: ["Workload Identity of GKE"],
    says: [
      "failed       Workload Identity of GKE      node sandbox-node has the label iam.gke.io/gke-metadata-server-enabled=true: GKE's metadata server has the address that pods ask",
      "             fix: Do not run both: leave this node to GKE, or turn it off by gcloud container node-pools update POOL --cluster=CLUSTER --workload-metadata=GCE_METADATA",
    ],
  },
  {
    name: "a node without GKE's Workload Identity",
    prepare: ({ kubernetes, apiToken: token }) => {
      kubernetes.cluster.create(nodeObject({ name: SANDBOX_NODE }));
      kubernetes.acceptTokens([token]);
    },
    code: 0,
    about: ["Workload Identity of GKE"],
    says: [
      "ok           Workload Identity of GKE      node sandbox-node is without it",
    ],
  },
  {
    name: "a node that is not there",
    prepare: ({ kubernetes, apiToken }) => kubernetes.acceptTokens([apiToken]),
    code: 3,
    about: ["Workload Identity of GKE"],
    says: [
      "failed       Workload Identity of GKE      there is no node sandbox-node",
      "             fix: Set kubernetes.node, or NODE_NAME of the environment, to the node's name in Kubernetes",
    ],
  },
  {
    name: "nodes without a daemon that is ready",
    prepare: ({ kubernetes: { cluster } }) => {
      cluster.create(daemonOn(SANDBOX_NODE));
      cluster.create(daemonOn("node-2", { phase: "Pending" }));
      cluster.create(assigned(APP, { name: "on-2", nodeName: "node-2" }));
    },
    code: 3,
    about: ["daemons"],
    says: [
      "failed       daemons                       none is ready on 1 of 2 nodes with annotated pods: node-2",
      "             fix: See why: kubectl get pods --all-namespaces --output=wide --selector=app.kubernetes.io/name=k8s-gke-service-account-assigner",
    ],
  },
  {
    name: "no daemon at all",
    code: 0,
    about: ["daemons"],
    says: [
      "warning      daemons                       no pod of the cluster has the label app.kubernetes.io/name=k8s-gke-service-account-assigner",
      "             fix: Apply the manifests: kubectl apply -k deploy/kustomize/base",
    ],
  },
  {
    name: "another machine than the node",
    args: ["--interception-backend=nftables", "--host-ip=10.128.0.9"],
    code: 0,
    about: ["interception", "connection tracking"],
    says: [
      "not checked  interception                  not on the node: 10.128.0.9 is no address here",
      "not checked  connection tracking           not on the node: 10.128.0.9 is no address here",
    ],
  },
  {
    name: "a machine without the tools",
    args: ["--interception-backend=nftables", "--host-ip=10.128.0.2"],
    code: 0,
    about: ["interception"],
    says: [
      "not checked  interception                  nft is not installed",
    ],
  },
  {
    name: "a clock that is ahead",
    clock: { ...systemClock, now: () => Date.now() + 60_000 },
    code: 0,
    about: ["clock by the API server"],
    says: [
      "warning      clock by the API server       this machine is 60 s ahead",
      "             fix: Set the node's clock right: see its NTP service (chrony)",
    ],
  },
];

/** The lines of some checks, each with the line of its fix. */
function linesAbout(out: string, names: readonly string[]): string[] {
  const lines = out.split("\n");
  return lines.filter((line, index) => {
    const head = line.startsWith(" ") ? lines[index - 1] ?? "" : line;
    const [, name = ""] = /^(?:not checked|\w+ +) {2}(.*?)(?: {2}|$)/
      .exec(head.replace(/^(ok|warning|failed) +/, (s) => s.padEnd(13))) ?? [];
    return names.includes(name);
  });
}

for (const { name, prepare, code, says, about, ...options } of CASES) {
  Deno.test(`doctor tells of ${name}`, async () => {
    await using sandbox = await startSubject();
    await prepare?.(sandbox);
    const examined = await examineSandbox(sandbox, options);
    const lines = linesAbout(examined.out, about).map((line) =>
      line.replace(/(?<=fetch failed).*/, ": …")
        .replace(/\b(59|60|61) s ahead/, "60 s ahead")
    );
    assert.deepEqual(lines, says, examined.out);
    assert.equal(examined.code, code, examined.out);
  });
}

Deno.test("doctor waits 5 s for an answer of the API server, and asks no more then", async () => {
  await using sandbox = await startSubject();
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const time = new ManualTime();
  const examined = callDoctor({
    args: [
      ...sandbox.flags,
      `--api-server=http://127.0.0.1:${silent.addr.port}`,
    ],
    clock: clockOf(time),
  });
  using _connection = await silent.accept();
  time.advance(5_000);
  const { code, out } = await examined;
  assert.equal(code, 3);
  assert.match(
    out,
    /^failed +API server +http:\S+: No answer within 5 seconds$/m,
  );
});

Deno.test("doctor takes the file that the manifests mount", async (t) => {
  await using sandbox = await startSubject();
  const readTextFile = (path: string): Promise<string> =>
    path === "/etc/saassigner/config.yaml"
      ? Promise.resolve("restrictions: {mode: enforce}\nlog: {format: json}\n")
      : Promise.reject(new Deno.errors.NotFound(path));
  await t.step("without --config", async () => {
    const { code, out } = await examineSandbox(sandbox, {
      io: { readTextFile },
    });
    assert.match(
      out,
      /^ok +configuration +\/etc\/saassigner\/config\.yaml\n/,
    );
    assert.equal(code, 3);
  });
  await t.step("a bad one", async () => {
    const { code, out } = await callDoctor({
      io: { readTextFile: () => "server: {prot: 1}\nlog: {level: loud}\n" },
    });
    assert.equal(code, 3);
    assert.equal(
      out.match(/^failed +configuration +.*config\.yaml:/gm)?.length,
      2,
    );
    assert.match(out, /\n2 failed, 0 warnings, 0 not checked, 0 ok\n$/);
  });
});

Deno.test("doctor says what is wrong without an API server, or with a kubeconfig", async () => {
  const nowhere = ["--metadata-addr=127.0.0.1:1", "--node=a"];
  const without = await callDoctor({ args: nowhere });
  assert.match(
    without.out,
    /^failed +API server +no API server is named: .*\n +fix: Give --api-server URL or --kubeconfig FILE/m,
  );
  const unreadable = await callDoctor({
    args: [...nowhere, "--kubeconfig=/no/kubeconfig"],
  });
  assert.match(unreadable.out, /^failed +API server +.*\/no\/kubeconfig/m);
  assert.equal(unreadable.code, 3);
});

Deno.test("doctor refuses wrong arguments", async () => {
  for (
    const args of [["-o", "yaml"], ["--output"], ["--output=yaml"]]
  ) await assert.rejects(callDoctor({ args }), UsageError);
  for (const args of [["--nod=a"], ["pods"]]) {
    await assert.rejects(callDoctor({ args }), ConfigError);
  }
});
