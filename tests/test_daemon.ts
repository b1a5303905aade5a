import type { Clock } from "../src/core/clock.ts";
import { loadConfig } from "../src/config/load_config.ts";
import { systemClock } from "../src/cli/system_clock.ts";
import { connectionOptions } from "../src/cli/connection_options.ts";
import { startDaemon } from "../src/daemon/daemon.ts";
import { createConnection } from "../src/kubernetes/create_connection.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/sandbox.ts";
import type { LogFields } from "../src/telemetry/log.ts";
import { sharedSigningKey } from "./sandbox/shared_signing_key.ts";
import { askAsPod, type PodAnswer, type PodRequest } from "./pod_client.ts";

/** A line that the daemon logged. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A sandbox with a daemon of the same process, on free ports. */
export interface TestDaemon extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly port: number;
  readonly adminPort: number;
  readonly lines: readonly LogLine[];
  /** Asks the daemon as a pod. */
  ask(request: PodRequest): Promise<PodAnswer>;
  /** Asks over and over until the answer is as wanted; the daemon learns of changes by events. */
  askUntil(
    request: PodRequest,
    wanted: (answer: PodAnswer) => boolean,
  ): Promise<PodAnswer>;
}

const MAX_ASKS = 2_000;

/**
 * Starts a sandbox and a daemon.
 *
 * Pauses between tries are none, so that nothing waits for real; requests of
 * unknown pods wait for the event as long as `flags` say.
 */
export function startTestDaemon(
  ...flags: readonly string[]
): Promise<TestDaemon> {
  return startPreparedDaemon({ flags, clock: systemClock });
}

/** How {@linkcode startPreparedDaemon} sets up. */
export interface PreparedDaemonOptions {
  readonly flags: readonly string[];
  /** Time of the sandbox and the daemon. */
  readonly clock: Clock;
  /** Changes the sandbox before the daemon starts. */
  readonly prepare?: (sandbox: Sandbox) => void;
}

/** Starts a sandbox and, once that is prepared, a daemon. */
export async function startPreparedDaemon(
  { flags, clock, prepare }: PreparedDaemonOptions,
): Promise<TestDaemon> {
  await using starting = new AsyncDisposableStack();
  const sandbox = starting.use(
    await startSandbox(clock, { signingKey: await sharedSigningKey() }),
  );
  prepare?.(sandbox);
  const args = [...sandbox.flags, "--app-port=0", "--admin-port=0", ...flags];
  const { config } = await loadConfig({
    args,
    env: () => undefined,
    readTextFile: () => Promise.reject(new Error("no file")),
  });
  const lines: LogLine[] = [];
  const daemon = starting.use(
    await startDaemon(config, {
      connection: await createConnection(
        connectionOptions(config, () => undefined),
      ),
      clock,
      random: () => 0,
      log: (level, message, fields = {}) =>
        lines.push({ level, message, fields }),
      configText: () => "kubernetes:\n",
      auditLog: (level, message, fields = {}) =>
        lines.push({ level, message, fields }),
    }),
  );
  const ask = (request: PodRequest): Promise<PodAnswer> =>
    askAsPod(daemon.address.port, request);
  const stack = starting.move();
  return {
    sandbox,
    port: daemon.address.port,
    adminPort: daemon.adminAddress.port,
    lines,
    ask,
    async askUntil(
      request: PodRequest,
      wanted: (answer: PodAnswer) => boolean,
    ): Promise<PodAnswer> {
      for (let asked = 0; asked < MAX_ASKS; asked += 1) {
        const answer = await ask(request);
        if (wanted(answer)) return answer;
      }
      throw new Error(`The answer to ${request.path} did not become as wanted`);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
