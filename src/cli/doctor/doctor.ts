import type { Config } from "../../config/config.ts";
import { iamEndpointOf } from "../../config/settings.ts";
import type { Clock } from "../../core/clock.ts";
import type { NodeInterceptionOptions } from "../../interception/node_interception.ts";
import {
  createRunCommand,
  type RunCommand,
} from "../../interception/run_command.ts";
import type { Connection } from "../../kubernetes/connection.ts";
import { createConnection } from "../../kubernetes/create_connection.ts";
import type { Command, CommandOption } from "../command.ts";
import { connectionOptions } from "../connection_options.ts";
import type { Io } from "../io.ts";
import { OUTPUT_OPTION, outputOf } from "../output_option.ts";
import { createStyle } from "../style.ts";
import { systemClock } from "../system_clock.ts";
import { takeOptions } from "../take_options.ts";
import { judgeAccess } from "./access.ts";
import { judgeApiServer } from "./api_server.ts";
import { judgeClock } from "./clock_skew.ts";
import { missCluster, probeCluster } from "./cluster_probes.ts";
import { judgeConfiguration, loadDaemonConfig } from "./configuration.ts";
import { judgeControllers } from "./controllers.ts";
import { judgeCoverage } from "./coverage.ts";
import type { Finding } from "./finding.ts";
import { judgeForeignRules } from "./foreign_rules.ts";
import { probeGoogle } from "./google_probes.ts";
import { judgeIam } from "./iam.ts";
import { judgeInterception } from "./interception.ts";
import { readInterception } from "./interception_facts.ts";
import { judgeMetadataServer } from "./metadata_server.ts";
import { judgeNodeLabel } from "./node_label.ts";
import { judgePods } from "./pods.ts";
import { mapOutcome } from "./probe.ts";
import { awaitChecks, type Check } from "./progress.ts";
import { formatJson } from "./report_json.ts";
import { formatTable } from "./report_table.ts";
import { judgeRestrictions } from "./restrictions.ts";

const USAGE = `Usage:
  saassigner doctor [-o text|json] [flags]
      Check all that the daemon of this configuration needs, and say how to put right what
      is not as it should be; without --config, with /etc/saassigner/config.yaml if it is
      there. Changes nothing

  -o, --output  text, or json for programs

Examples:
  saassigner doctor --kubeconfig ~/.kube/config --config config.yaml
  saassigner doctor -o json | jq '.findings[] | select(.status == "failed")'
  kubectl exec --namespace kube-system ds/k8s-gke-service-account-assigner -- saassigner doctor

Exit codes: 0 nothing failed; 3 something did; 1 it cannot look; 2 wrong flags
`;

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  output: OUTPUT_OPTION,
};

/** Most that each question may take; the tools that read rules run one after the other. */
const LIMIT_MS = 5_000;
const RULES_LIMIT_MS = 10_000;

/** Exit code that tells of findings. */
const FOUND = 3;

/** Checks the configuration, the node, the cluster and what Google lets the node do. */
export const DOCTOR_COMMAND: Command = {
  name: "doctor",
  usage: USAGE,
  options: OPTIONS,
  run: (args, io) =>
    examine(args, io, {
      clock: systemClock,
      runCommand: createRunCommand(),
      ownAddresses: () => Deno.networkInterfaces(),
    }),
};

/** What the doctor works with. */
export interface DoctorOptions {
  /** Time. */
  readonly clock: Clock;
  /** Runs the tools that read rules. */
  readonly runCommand: RunCommand;
  /** Every address of this machine with the name of its interface. */
  readonly ownAddresses: NodeInterceptionOptions["ownAddresses"];
}

/**
 * Makes all checks and writes what they found.
 *
 * @param args Arguments behind the command's name.
 * @param io Where to read and write.
 * @param options Collaborators.
 * @returns Exit code: 0 nothing failed, 3 something did.
 * @throws {UsageError} If the arguments are wrong.
 * @throws {ConfigError} If the flags are.
 */
export async function examine(
  args: readonly string[],
  io: Io,
  options: DoctorOptions,
): Promise<number> {
  const { values, rest } = takeOptions(args, OPTIONS);
  const output = outputOf(values);
  const loading = await loadDaemonConfig(rest, io);
  const findings = [...judgeConfiguration(loading)];
  if (loading.kind === "loaded") {
    using stack = new DisposableStack();
    const { config } = loading.loaded;
    const checks = await startChecks(config, { ...options, io, stack });
    findings.push(...await awaitChecks(checks, io));
  }
  io.out(
    output === "json"
      ? formatJson(findings)
      : formatTable(findings, createStyle(io)),
  );
  return findings.some(({ status }) => status === "failed") ? FOUND : 0;
}

/** Starts all checks at once, each as soon as what it needs is known. */
async function startChecks(
  config: Config,
  options: DoctorOptions & {
    readonly io: Io;
    readonly stack: DisposableStack;
  },
): Promise<readonly Check[]> {
  const limit = { ...options, limitMs: LIMIT_MS };
  const { annotations: keys, google, restrictions, interception } = config;
  const { node } = config.kubernetes;
  const opened = await open(config, options.io);
  const cluster = "error" in opened
    ? missCluster(opened.error)
    : probeCluster(config, { ...limit, ...opened });
  const server = "error" in opened ? undefined : opened.connection.server;
  const asked = probeGoogle(config, { ...limit, pods: cluster.nodePods });
  const rules = readInterception(config, {
    ...options,
    limitMs: RULES_LIMIT_MS,
  });
  const check = (
    name: string,
    find: () => Promise<readonly Finding[]>,
  ): Check => ({ name, findings: find() });
  return [
    check(
      "the API server",
      async () => judgeApiServer(await cluster.version, server),
    ),
    check("RBAC", async () =>
      judgeAccess(await cluster.access, {
        pods: true,
        namespaces: restrictions.mode !== "off",
        events: config.kubernetes.events,
      })),
    check(
      "the metadata server",
      async () =>
        judgeMetadataServer(await asked.node, {
          address: config.metadata.address,
          credentials: google.credentials,
        }),
    ),
    check("IAM", async () => {
      const facts = await asked.node;
      const { defaultAccount } = await asked.policy;
      return judgeIam(await asked.attempts, {
        endpoint: iamEndpointOf(google),
        projectId: facts.kind === "got" ? facts.value.projectId : undefined,
        caller: facts.kind === "got" && google.credentials === "metadata"
          ? facts.value.account
          : undefined,
        delegates: google.delegates,
        defaultAccount: defaultAccount.kind === "account"
          ? defaultAccount.account
          : undefined,
      });
    }),
    check("the pods", async () =>
      judgePods(await cluster.nodePods, {
        node,
        keys,
        policy: await asked.policy,
      })),
    check(
      "the controllers",
      async () => judgeControllers(await cluster.controllers),
    ),
    check("the allow-lists", async () => {
      const placed = await cluster.placedPods;
      return judgeRestrictions(
        mapOutcome(placed, (pods) => pods.map(({ pod }) => pod)),
        await cluster.namespaces,
        { keys, policy: await asked.policy },
      );
    }),
    check(
      "the interception",
      async () => judgeInterception((await rules).rules),
    ),
    check(
      "rules of others",
      async () =>
        judgeForeignRules((await rules).foreign, interception.backend),
    ),
    check(
      "the node",
      async () => [judgeNodeLabel(await cluster.nodeLabels, node)],
    ),
    check("the daemons", async () => [judgeCoverage(await cluster.placedPods)]),
    check("the clocks", async () => [
      judgeClock("the API server", await cluster.clock),
      judgeClock("the metadata server", await asked.clock),
    ]),
  ];
}

/** Finds the API server that is named, or why there is none. */
async function open(
  config: Config,
  { env }: Io,
): Promise<
  { readonly connection: Connection } | { readonly error: unknown }
> {
  const options = connectionOptions(config, env);
  if (options.kind === "in-cluster" && !env("KUBERNETES_SERVICE_HOST")) {
    return {
      error: new Error(
        "no API server is named: not in a pod, where KUBERNETES_SERVICE_HOST is set",
      ),
    };
  }
  try {
    return { connection: await createConnection(options) };
  } catch (error) {
    return { error };
  }
}
