import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import {
  type OtlpReceiver,
  startOtlpReceiver,
} from "../../src/sandbox/otlp/receiver.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { systemClock } from "../../src/cli/system_clock.ts";
import { askAsPod, type PodAnswer, type PodRequest } from "../pod_client.ts";
import { sharedSigningKey } from "../sandbox/shared_signing_key.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** The program in a process of its own, whose runtime exports what it does. */
export class TracedDaemon implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly receiver: OtlpReceiver;
  /** Lines of its log. */
  readonly lines: string[] = [];
  readonly #stack: AsyncDisposableStack;
  readonly #child: Deno.ChildProcess;
  readonly #ports = Promise.withResolvers<number>();
  readonly #adminPorts = Promise.withResolvers<number>();
  readonly #read: Promise<void>;

  private constructor(
    parts: {
      readonly sandbox: Sandbox;
      readonly receiver: OtlpReceiver;
      readonly stack: AsyncDisposableStack;
    },
    child: Deno.ChildProcess,
  ) {
    this.sandbox = parts.sandbox;
    this.receiver = parts.receiver;
    this.#stack = parts.stack;
    this.#child = child;
    this.#read = this.#readLines();
  }

  /** Starts everything; an argument that begins with `@` is another collector's URL. */
  static async start(...args: readonly string[]): Promise<TracedDaemon> {
    const endpoint = args.find((arg) => arg.startsWith("@"))?.slice(1);
    const flags = args.filter((arg) => !arg.startsWith("@"));
    await using starting = new AsyncDisposableStack();
    const sandbox = starting.use(
      await startSandbox(systemClock, { signingKey: await sharedSigningKey() }),
    );
    const receiver = starting.use(await startOtlpReceiver());
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--allow-all", MAIN],
        ...sandbox.flags,
        ...["--app-port=0", "--admin-port=0", "--log-format=json"],
        ...["--log-audit", "--verbose", "--token-prefetch=false"],
        ...flags,
      ],
      env: {
        OTEL_DENO: "true",
        OTEL_PROPAGATORS: "none",
        OTEL_SERVICE_NAME: "saassigner",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint ?? receiver.url,
        OTEL_EXPORTER_OTLP_TIMEOUT: "500",
      },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stack = starting.move();
    return new TracedDaemon({ sandbox, receiver, stack }, child);
  }

  /** Asks as a pod. */
  async ask(request: PodRequest): Promise<PodAnswer> {
    return await askAsPod(await this.#ports.promise, request);
  }

  /** Waits until it knows its pods. */
  async ready(): Promise<void> {
    const port = await this.#adminPorts.promise;
    await retry(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
      await answer.body?.cancel();
      return answer.ok;
    });
  }

  /** All metrics, as Prometheus scrapes them. */
  async metricsText(): Promise<string> {
    const port = await this.#adminPorts.promise;
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    return await answer.text();
  }

  /** Waits until a sample has a value. */
  async metric(sample: string, value: number): Promise<void> {
    await retry(async () =>
      (await this.metricsText()).includes(`\n${sample} ${value}\n`)
    );
  }

  /** Stops it as the kubelet does; it exports the rest. Gives the time that took, in milliseconds. */
  async stop(): Promise<number> {
    const startedMs = performance.now();
    this.#child.kill("SIGTERM");
    await this.#child.status;
    const tookMs = performance.now() - startedMs;
    await this.#read;
    return tookMs;
  }

  async #readLines(): Promise<void> {
    const input = Readable.from(this.#child.stderr);
    for await (const line of createInterface({ input })) {
      this.lines.push(line);
      const { message, listener, port } = JSON.parse(line);
      if (message !== "Listening") continue;
      (listener === "server" ? this.#ports : this.#adminPorts).resolve(port);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // The test may have stopped it.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    await this.#read;
    await this.#stack.disposeAsync();
  }
}

const MAX_TRIES = 2_000;

async function retry(attempt: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (await attempt()) return;
  }
  throw new Error(`It was not so after ${MAX_TRIES} looks`);
}
