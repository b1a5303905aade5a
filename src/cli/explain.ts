import type { Config, LoadedConfig } from "../config/config.ts";
import { loadConfig } from "../config/load_config.ts";
import { describeOrigin } from "../config/origin.ts";
import { parseFlags } from "../config/parse_flags.ts";
import { deriveSettings, policyOf } from "../config/settings.ts";
import type { AllowList } from "../core/allow_list.ts";
import { explain, type Explanation } from "../core/explanation.ts";
import { findSubject, type Question, type Subject } from "../core/subject.ts";
import { ApiClient } from "../kubernetes/api_client.ts";
import { ClusterReader } from "../kubernetes/cluster_reader.ts";
import type { Connection } from "../kubernetes/connection.ts";
import { describeError } from "../telemetry/log.ts";
import { VERSION } from "../telemetry/version.ts";
import { CLUSTER_ENVIRONMENT } from "./cluster_environment.ts";
import type { Command, CommandOption } from "./command.ts";
import { explanationText } from "./explain/explanation_text.ts";
import { parseTarget, type Target } from "./explain/target.ts";
import { checkNodeAccount, findNodeAccount } from "./explain/node_account.ts";
import type { Io } from "./io.ts";
import { openConnection } from "./open_connection.ts";
import { OUTPUT_OPTION, outputOf } from "./output_option.ts";
import { createStyle, showControls } from "./style.ts";
import { systemClock } from "./system_clock.ts";
import { takeOptions } from "./take_options.ts";
import { writeJson } from "./write_json.ts";

const USAGE = `Usage:
  saassigner explain NAMESPACE/POD|ADDRESS [-o text|json] [--account EMAIL]
      [--scopes SCOPES] [--node-account EMAIL] [flags]
      Tell which account and scopes a pod gets, and why, or why not and what to change.
      Asks the API server, by the policy of the daemon with the same configuration; asks
      neither the daemon nor IAM

  --account EMAIL       as if the pod were annotated with this account
  --scopes SCOPES       as if the pod were annotated with these scopes
  --node-account EMAIL  the node's own account, which counts where
                        defaults.serviceAccount is default; without it, the metadata
                        server is asked, if one answers within a second
  -o, --output FORMAT   text, or json for programs

  The daemon's flags say how it is configured: --config FILE, --kubeconfig FILE and all
  others, such as --restrictions-mode=enforce to see what that would refuse.

Examples:
  saassigner explain shop/cart-7f9c --kubeconfig ~/.kube/config --config config.yaml
  saassigner explain 10.4.0.11 --kubeconfig ~/.kube/config
  saassigner explain shop/cart-7f9c --account app@demo-proj.iam.gserviceaccount.com
  saassigner explain shop/cart-7f9c --restrictions-mode=enforce
  saassigner explain shop/cart-7f9c -o json | jq .decision
  kubectl exec --namespace kube-system ds/k8s-gke-service-account-assigner -- \\
    saassigner explain shop/cart-7f9c --config /etc/saassigner/config.yaml

Exit codes: 0 allowed; 3 denied; 1 there is no such pod, or the API server cannot be
asked; 2 wrong usage or configuration
`;

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  account: {
    value: "an e-mail",
    description: "As if the pod were annotated with this account",
  },
  scopes: {
    value: "scopes, separated by commas",
    description: "As if the pod were annotated with these scopes",
  },
  "node-account": {
    value: "an e-mail",
    description: "The node's own account",
  },
  output: OUTPUT_OPTION,
};

/** Explains what a pod gets. */
export const EXPLAIN_COMMAND: Command = {
  name: "explain",
  usage: USAGE,
  options: OPTIONS,
  run,
};

async function run(args: readonly string[], io: Io): Promise<number> {
  const { values, rest } = takeOptions(args, OPTIONS);
  const output = outputOf(values);
  const { positionals, flagArgs } = parseFlags(rest);
  const loaded = await loadConfig({
    args: flagArgs,
    // No rules are set here: a configuration that sets them counts on any machine.
    env: (name) =>
      io.env(name) ??
        (name === "HOST_IP" ? CLUSTER_ENVIRONMENT.get(name) : undefined),
    readTextFile: io.readTextFile,
  });
  const target = parseTarget(positionals);
  const given = checkNodeAccount(values.get("node-account"));
  const connection = await openConnection(loaded.config, io);
  const found = await readFacts(target, loaded.config, connection);
  if (found.kind !== "facts") {
    io.err(`${found.message}\n`);
    return 1;
  }
  const explanation = await explainFacts(found, { loaded, values, given });
  io.out(
    output === "json"
      ? writeJson(explanation)
      : explanationText(explanation, createStyle(io)),
  );
  return explanation.decision.outcome === "allow" ? 0 : 3;
}

/** What the API server says of a target. */
interface Facts {
  readonly kind: "facts";
  readonly subject: Subject;
  /** Allow-list of the pod's namespace; `undefined` if there is none or it does not count. */
  readonly allowList: AllowList | undefined;
}

interface NoFacts {
  readonly kind: "none";
  /** Why there are none. */
  readonly message: string;
}

async function readFacts(
  target: Target,
  config: Config,
  connection: Connection,
): Promise<Facts | NoFacts> {
  using api = new ApiClient({
    connection,
    clock: systemClock,
    userAgent: `k8s-gke-service-account-assigner/${VERSION}`,
  });
  const reader = new ClusterReader({
    api,
    keys: config.annotations,
    signal: new AbortController().signal,
  });
  try {
    const question = await readQuestion(target, config, reader);
    if (question === undefined) {
      return { kind: "none", message: `There is no pod ${target.text}` };
    }
    const subject = findSubject(question);
    const namespace = subject.placed?.pod.namespace;
    const allowList =
      namespace === undefined || config.restrictions.mode === "off"
        ? undefined
        : (await reader.readNamespace(namespace))?.allowList;
    return { kind: "facts", subject, allowList };
  } catch (error) {
    const why = showControls(describeError(error));
    const message = `Cannot ask the API server ${connection.server}: ${why}`;
    return { kind: "none", message };
  }
}

async function readQuestion(
  target: Target,
  { kubernetes }: Config,
  reader: ClusterReader,
): Promise<Question | undefined> {
  if (target.kind === "address") {
    const { address } = target;
    const holders = await reader.readHolders(address);
    // Each daemon sees its own node's pods; who asks about another node's is told, too.
    const own = holders.filter(({ node }) => node === kubernetes.node);
    return {
      kind: "address",
      address,
      holders: own.length > 0 ? own : holders,
    };
  }
  const placed = await reader.readPod(target.namespace, target.name);
  if (placed === undefined) return undefined;
  const { node } = placed;
  return {
    kind: "pod",
    placed,
    neighbours: node === "" ? [] : await reader.readNode(node),
  };
}

async function explainFacts(
  { subject, allowList }: Facts,
  { loaded, values, given }: {
    readonly loaded: LoadedConfig;
    /** Values of the command's own options. */
    readonly values: ReadonlyMap<string, string>;
    /** The node's own account, if it was typed. */
    readonly given: string | undefined;
  },
): Promise<Explanation> {
  const { config, origins } = loaded;
  const originOf = (path: string): string =>
    describeOrigin(origins.get(path) ?? { kind: "default" });
  const assumed = {
    account: values.get("account"),
    scopes: values.get("scopes"),
  };
  const { email, notes } = given === undefined
    ? await findNodeAccount(config, { placed: subject.placed, assumed })
    : { email: given, notes: [] };
  return explain(subject, {
    policy: policyOf(deriveSettings(config), email),
    keys: config.annotations,
    assumed,
    origins: {
      serviceAccount: originOf("defaults.serviceAccount"),
      scopes: originOf("defaults.scopes"),
    },
    modeOrigin: originOf("restrictions.mode"),
    namespace: allowList,
    nodeAccount: email,
    notes,
  });
}
