import type { Config, LoadedConfig } from "../config/config.ts";
import { loadConfig } from "../config/load_config.ts";
import { describeOrigin } from "../config/origin.ts";
import { parseFlags } from "../config/parse_flags.ts";
import { deriveSettings, policyOf } from "../config/settings.ts";
import type { AllowList } from "../core/allow_list.ts";
import { withIam } from "../core/explained_iam.ts";
import { explain, type Explanation } from "../core/explanation.ts";
import { findSubject, type Question, type Subject } from "../core/subject.ts";
import { ApiClient } from "../kubernetes/api_client.ts";
import { ClusterReader } from "../kubernetes/cluster_reader.ts";
import type { Connection } from "../kubernetes/connection.ts";
import {
  type ControllerChain,
  type ControllerQuery,
  readControllers,
} from "../kubernetes/controller_reader.ts";
import { describeError } from "../telemetry/log.ts";
import { VERSION } from "../telemetry/version.ts";
import { CLUSTER_ENVIRONMENT } from "./cluster_environment.ts";
import type { Command, CommandOption } from "./command.ts";
import { askIam } from "./explain/ask_iam.ts";
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
      [--scopes SCOPES] [--node-account EMAIL] [--no-iam] [flags]
      Tell which account and scopes a pod gets, and why, or why not and what to change.
      Asks the API server, by the policy of the daemon with the same configuration, and on
      a node IAM, for a token that is not kept; does not ask the daemon

  --account EMAIL       as if the pod were annotated with this account
  --scopes SCOPES       as if the pod were annotated with these scopes
  --node-account EMAIL  the node's own account, which counts where
                        defaults.serviceAccount is default; without it, the metadata
                        server is asked, if one answers within a second
  --no-iam              do not ask IAM; it is asked only on a node, as in the daemon's pod
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
  "no-iam": { description: "Do not ask IAM" },
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
  const found = await readFacts(target, connection, {
    config: loaded.config,
    isAssumed: values.has("account"),
  });
  if (found.kind !== "facts") {
    io.err(`${found.message}\n`);
    return 1;
  }
  const policed = await explainFacts(found, { loaded, values, given });
  const explanation = values.has("no-iam")
    ? policed
    : await explainIam(policed, loaded.config);
  io.out(
    output === "json"
      ? writeJson(explanation)
      : explanationText(explanation, createStyle(io)),
  );
  const { decision, iam } = explanation;
  const getsToken = decision.outcome === "allow" && iam?.outcome !== "rejected";
  return getsToken ? 0 : 3;
}

/** What the API server says of a target. */
interface Facts {
  readonly kind: "facts";
  readonly subject: Subject;
  /** Allow-list of the pod's namespace; `undefined` if there is none or it does not count. */
  readonly allowList: AllowList | undefined;
  /** What made the pod. */
  readonly controllers: ControllerChain;
}

interface NoFacts {
  readonly kind: "none";
  /** Why there are none. */
  readonly message: string;
}

async function readFacts(
  target: Target,
  connection: Connection,
  { config, isAssumed }: {
    readonly config: Config;
    /** Whether an account is assumed in place of the pod's annotation. */
    readonly isAssumed: boolean;
  },
): Promise<Facts | NoFacts> {
  using api = new ApiClient({
    connection,
    clock: systemClock,
    userAgent: `k8s-gke-service-account-assigner/${VERSION}`,
  });
  const query = {
    api,
    keys: config.annotations,
    signal: new AbortController().signal,
  };
  const reader = new ClusterReader(query);
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
    const controllers = await findControllers(subject, isAssumed, query);
    return { kind: "facts", subject, allowList, controllers };
  } catch (error) {
    const why = showControls(describeError(error));
    const message = `Cannot ask the API server ${connection.server}: ${why}`;
    return { kind: "none", message };
  }
}

/** Controllers are read only for a pod that lacks the annotation. */
async function findControllers(
  { placed }: Subject,
  isAssumed: boolean,
  query: ControllerQuery,
): Promise<ControllerChain> {
  const { pod, owner } = placed ?? {};
  if (
    pod === undefined || owner === undefined || isAssumed ||
    pod.accountAnnotation !== undefined
  ) {
    return {
      owners: owner === undefined ? [] : [owner],
      outermost: undefined,
      misplaced: undefined,
      unread: undefined,
    };
  }
  return await readControllers(owner, pod.namespace, query);
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
  { subject, allowList, controllers }: Facts,
  { loaded, values, given }: {
    readonly loaded: LoadedConfig;
    /** Values of the command's own options. */
    readonly values: ReadonlyMap<string, string>;
    /** The node's own account, if it was typed. */
    readonly given: string | undefined;
  },
): Promise<Explanation> {
  const { config, origins } = loaded;
  const { owners, outermost, misplaced, unread } = controllers;
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
    owners,
    outermost,
    misplaced,
    notes: unread === undefined ? notes : [...notes, unread],
  });
}

async function explainIam(
  explanation: Explanation,
  config: Config,
): Promise<Explanation> {
  const { decision, pod } = explanation;
  if (decision.outcome === "deny") return explanation;
  const iam = await askIam(decision, config, systemClock);
  const caller = "caller" in iam ? iam.caller : undefined;
  const { node } = config.kubernetes;
  const isElsewhere = iam.outcome !== "not-asked" && pod?.node !== node;
  const notes = isElsewhere
    ? [`IAM was asked as on the node ${node}, which is not the pod's`]
    : [];
  const noted = { ...explanation, notes: [...explanation.notes, ...notes] };
  return withIam(noted, iam, {
    keys: config.annotations,
    namespace: pod?.namespace ?? "",
    nodeAccount: config.google.delegates.at(-1) ?? caller,
  });
}
