import type { OtlpSpan } from "../sandbox/otlp/decode_spans.ts";
import { startOtlpReceiver } from "../sandbox/otlp/receiver.ts";
import { formatTrace } from "../sandbox/otlp/span_tree.ts";
import { type Sandbox, startSandbox } from "../sandbox/sandbox.ts";
import { SANDBOX_PODS, type SandboxPod } from "../sandbox/sandbox_pods.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { processIo, processSignals } from "../main.ts";
import type { Io } from "./io.ts";
import { runDaemon, type RunDaemonOptions } from "./run_daemon.ts";
import { systemClock } from "./system_clock.ts";

/**
 * Starts the sandbox and a daemon that uses it, until told to stop.
 *
 * @param args Flags for the daemon, over those that the sandbox needs.
 * @param io Where to read and write.
 * @param signals How the daemon is told to stop and to reload.
 * @returns Exit code of the daemon.
 */
export async function dev(
  args: readonly string[],
  io: Io,
  signals: RunDaemonOptions,
): Promise<number> {
  await using sandbox = await startSandbox(systemClock);
  const flags = [
    ...sandbox.flags,
    "--debug",
    "--verbose",
    RESTRICTED,
    ...args,
  ];
  return await runDaemon(flags, withoutRealCredentials(io), {
    ...signals,
    onStarted: (daemon) => io.out(describe(sandbox, daemon)),
  });
}

/** Real keys must not sign for a sandbox, nor a real node's name or address be used in it. */
function withoutRealCredentials(io: Io): Io {
  return { ...io, env: () => undefined };
}

function describe(sandbox: Sandbox, daemon: Daemon): string {
  const base = `http://127.0.0.1:${daemon.address.port}`;
  const admin = `http://127.0.0.1:${daemon.adminAddress.port}`;
  const token =
    `${base}/computeMetadata/v1/instance/service-accounts/default/token`;
  const annotate = JSON.stringify({
    metadata: { annotations: SANDBOX_PODS[0]?.annotations },
  });
  return `
The sandbox is up. Its pods call from loopback addresses:

${SANDBOX_PODS.map(describePod).join("\n")}

Try, in another terminal:

  # the token of default/debug-shell
  curl -s -H 'Metadata-Flavor: Google' ${token}

  # another pod, another token
  curl -s -H 'Metadata-Flavor: Google' --interface 127.0.0.11 ${token}

  # annotate default/plain, which has no account until then; ask again with --interface 127.0.0.12
  curl -s -X PATCH -H 'Authorization: Bearer ${sandbox.personToken}' \\
    -H 'Content-Type: application/merge-patch+json' -d '${annotate}' \\
    ${sandbox.kubernetes.url}/api/v1/namespaces/default/pods/plain

  # why shop/outsider gets none, and what to change; doctor instead of explain checks all
  deno task start explain shop/outsider ${flagsForPerson(sandbox).join(" ")}

  # what kubectl describe pod would show of it
  curl -s -H 'Authorization: Bearer ${sandbox.personToken}' ${sandbox.kubernetes.url}/apis/events.k8s.io/v1/events

Daemon ${base}, health and metrics ${admin}/metrics
Look at it: ${admin}/debug/
Emulators: Kubernetes ${sandbox.kubernetes.url}, metadata ${sandbox.metadata.url}, IAM ${sandbox.iam.url}
Traces: start it with --traces, and each request's trace is printed.
Stop with Ctrl-C.

`;
}

/** Flags for a command of somebody who looks at the sandbox as the daemon does. */
function flagsForPerson({ flags, personToken }: Sandbox): readonly string[] {
  return [
    ...flags.filter((flag) => !flag.startsWith("--api-token=")),
    `--api-token=${personToken}`,
    RESTRICTED,
  ];
}

function describePod(pod: SandboxPod): string {
  const annotations = Object.entries(pod.annotations);
  const name = `${pod.namespace}/${pod.name}`;
  const lines = annotations.length === 0
    ? ["(no annotation)"]
    : annotations.map(([key, value]) => `${key}: ${value}`);
  return `  ${pod.podIP.padEnd(12)}${name.padEnd(22)}${
    lines.join(`\n${" ".repeat(36)}`)
  }`;
}

const RESTRICTED = "--namespace-restrictions";

/** Tells this program that it runs under another, which passes signals on. */
const WATCHED = "--watched";

const TRACES = "--traces";

/** What the runtime needs to trace; it reads these at its start only. */
function tracingEnvironment(
  endpoint: string,
): Readonly<Record<string, string>> {
  return {
    OTEL_DENO: "true",
    OTEL_SERVICE_NAME: "saassigner",
    OTEL_PROPAGATORS: "none",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_TIMEOUT: "500",
    OTEL_BSP_SCHEDULE_DELAY: "500",
  };
}

/** Runs this program again with tracing, and prints each request's trace. */
async function trace(
  args: readonly string[],
  signals: RunDaemonOptions,
): Promise<number> {
  await using receiver = await startOtlpReceiver({
    onSpans: (spans) => processIo.out(formatRequests(spans)),
  });
  return await runAgain(["run", "--allow-all"], {
    args,
    stop: signals.stop,
    env: tracingEnvironment(receiver.url),
  });
}

/** Spans of a request are exported together, and those of emulators are not of interest. */
function formatRequests(spans: readonly OtlpSpan[]): string {
  return [...Map.groupBy(spans, ({ traceId }) => traceId).values()]
    .filter((trace) =>
      trace.some(({ attributes }) => attributes["http.route"] !== undefined)
    )
    .map((trace) => `\n${formatTrace(trace)}`).join("");
}

/** Runs this program again under the runtime's watcher, which restarts it on a change. */
async function watch(
  args: readonly string[],
  signals: RunDaemonOptions,
): Promise<number> {
  return await runAgain(["run", "--watch", "--allow-all"], {
    args,
    stop: signals.stop,
  });
}

async function runAgain(
  command: readonly string[],
  options: {
    readonly args: readonly string[];
    readonly stop: AbortSignal;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<number> {
  const { args, stop, env = {} } = options;
  const child = new Deno.Command(Deno.execPath(), {
    args: [...command, import.meta.filename ?? "", WATCHED, ...args],
    env,
  }).spawn();
  stop.addEventListener("abort", () => child.kill("SIGTERM"));
  const { code, signal } = await child.status;
  return signal === null ? code : 0;
}

async function run(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === WATCHED) {
    return await dev(rest, processIo, { stop: new AbortController().signal });
  }
  const flags = args.filter((arg) => arg !== "--watch" && arg !== TRACES);
  const signals = processSignals();
  if (args.includes(TRACES)) return await trace(flags, signals);
  return args.includes("--watch")
    ? await watch(flags, signals)
    : await dev(flags, processIo, signals);
}

if (import.meta.main) Deno.exit(await run(Deno.args));
