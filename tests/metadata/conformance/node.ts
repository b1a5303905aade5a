import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { listNodeValues } from "../../../src/core/metadata_table.ts";
import type { IamCall } from "../../../src/sandbox/iam/credentials.ts";
import { podObject } from "../../../src/sandbox/kubernetes/objects.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { SANDBOX_NODE } from "../../../src/sandbox/sandbox_pods.ts";
import { askAsPod } from "../../pod_client.ts";
import { clockOf } from "../../google/manual_clock.ts";
import { ManualTime } from "../../sandbox/manual_time.ts";
import type { RawAnswer } from "../../sandbox/raw_http.ts";
import {
  type LogLine,
  startPreparedDaemon,
  type TestDaemon,
} from "../../test_daemon.ts";
import { sendBytes } from "../byte_client.ts";
import { V1 } from "../pod_side.ts";
import { FLAVOR, HOST } from "../raw_client.ts";
import { assertStanding, listSecrets } from "../standing_assertions.ts";

export const EMAIL = "app@demo-proj.iam.gserviceaccount.com";
export const OTHER_EMAIL = "other@demo-proj.iam.gserviceaccount.com";

/** Addresses of the pods. */
export const A = "127.0.0.5";
export const B = "127.0.0.6";
export const N = "127.0.0.7";
/** No pod has it. */
export const UNKNOWN = "127.0.0.99";

/** Pods' addresses on this machine, with their accounts. */
const PODS: Readonly<Record<string, string | undefined>> = {
  [A]: EMAIL,
  [B]: OTHER_EMAIL,
  [N]: undefined,
};

const STEP_MS = 10;
/** Far below the silence after which a watch is opened again. */
const MAX_PASS_MS = 20_000;
/** Turns of the event loop in which an answer finds its way through the sockets. */
const MAX_TURNS = 50_000;

/** What to send; a proper GET by pod A where nothing is said. */
export interface Sending {
  readonly from?: string;
  readonly method?: string;
  readonly version?: "HTTP/1.0" | "HTTP/1.1";
  /** Header lines in place of a good Host and flavor. */
  readonly headers?: readonly string[];
  /** Header lines besides those. */
  readonly add?: readonly string[];
}

/** Writes one request as it stands on the wire. */
export function write(target: string, sending: Sending = {}): string {
  const { method = "GET", version = "HTTP/1.1", add = [] } = sending;
  const { headers = [HOST, FLAVOR] } = sending;
  return [`${method} ${target} ${version}`, ...headers, ...add, "", ""]
    .join("\r\n");
}

/** A daemon, its pods, and everything it talks to, at a time that the test moves. */
export class ConformanceNode implements AsyncDisposable {
  readonly #daemon: TestDaemon;
  readonly #time: ManualTime;

  private constructor(daemon: TestDaemon, time: ManualTime) {
    this.#daemon = daemon;
    this.#time = time;
  }

  /**
   * Starts a node that knows its pods and its own values, and has a token of its own.
   * Pods' tokens are minted when they are asked for, so that each call has its cause,
   * unless the flags say otherwise.
   */
  static async start(...flags: readonly string[]): Promise<ConformanceNode> {
    const time = new ManualTime(Math.floor(Date.now() / 1000) * 1000);
    const daemon = await startPreparedDaemon({
      flags: flags.some((flag) => flag.startsWith("--token-prefetch"))
        ? flags
        : ["--token-prefetch=false", ...flags],
      clock: clockOf(time),
      prepare: createFixture,
    });
    const node = new ConformanceNode(daemon, time);
    try {
      await node.#warmUp();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  async #warmUp(): Promise<void> {
    const { metadata } = this.sandbox;
    for (const path of [...listNodeValues(), "instance/"]) {
      await metadata.requests.reached(
        1,
        ({ target }) => target === `${V1}/${path}`,
      );
    }
    const path = "instance/service-accounts/default/token";
    // An account that no case asks for.
    await this.#daemon.askUntil(
      { from: "127.0.0.11", path },
      ({ status }) => status === 200,
    );
    for (const from of [A, B]) {
      await this.#daemon.askUntil(
        { from, path: "instance/service-accounts/" },
        ({ body }) => body !== "",
      );
    }
    this.forget();
  }

  /** What the admin listener tells a scraper. */
  async metrics(): Promise<string> {
    const url = `http://127.0.0.1:${this.#daemon.adminPort}/metrics`;
    return await (await fetch(url)).text();
  }

  get sandbox(): Sandbox {
    return this.#daemon.sandbox;
  }

  /** What the daemon logged. */
  get lines(): readonly LogLine[] {
    return this.#daemon.lines;
  }

  get time(): ManualTime {
    return this.#time;
  }

  get port(): number {
    return this.#daemon.port;
  }

  /** Calls of IAM since the last {@linkcode forget}. */
  get iamCalls(): readonly IamCall[] {
    return this.sandbox.iam.calls.entries;
  }

  /** Targets that the real server was asked for since the last {@linkcode forget}. */
  get upstream(): readonly string[] {
    return this.sandbox.metadata.requests.entries.map(({ target }) => target);
  }

  /** Forgets what the real server and IAM were asked. */
  forget(): void {
    this.sandbox.metadata.requests.clear();
    this.sandbox.iam.calls.clear();
  }

  /** Sends one request on a connection of its own, and checks what every answer has. */
  async get(target: string, sending: Sending = {}): Promise<RawAnswer> {
    const { version, add = [], method = "GET", from = A } = sending;
    // The server ends an HTTP/1.0 connection by itself.
    const last = version === "HTTP/1.0" ? [] : ["Connection: close"];
    const text = write(target, { ...sending, add: [...add, ...last] });
    const [answer] = await this.exchange(text, { from, methods: [method] });
    assert.ok(answer, `no answer to ${target}`);
    return answer;
  }

  /** Sends requests on one connection until the server ends it, and checks every answer. */
  async exchange(
    text: string,
    { from = A, methods }: {
      readonly from?: string;
      readonly methods: readonly string[];
    },
  ): Promise<readonly RawAnswer[]> {
    const { answers, rest } = await sendBytes(this.port, text, {
      from,
      methods,
    });
    assert.equal(rest, "");
    for (const [index, answer] of answers.entries()) {
      const method = methods[index] ?? "GET";
      assertStanding(answer, { method, request: text, secrets: this.#secrets });
    }
    return answers;
  }

  get #secrets(): readonly string[] {
    return listSecrets(this.sandbox).filter((secret) =>
      this.sandbox.iam.describe(secret)?.account !== OTHER_EMAIL
    );
  }

  /**
   * Lets time go on as it does, with the daemon's watches and renewals in between.
   *
   * @param ms How long, in milliseconds.
   */
  async pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= MAX_PASS_MS) {
      this.#time.advance(Math.min(leftMs, MAX_PASS_MS));
      await this.#breathe();
    }
  }

  /** Gives sockets as much real time as a few requests of other pods take. */
  async #breathe(): Promise<void> {
    for (let asked = 0; asked < 3; asked += 1) {
      await askAsPod(this.port, { from: UNKNOWN, path: "/" });
    }
  }

  /** Whether IAM has yet to answer a call, from the given one on. */
  isIamBusy(first = 0): boolean {
    return this.iamCalls.slice(first).some(({ status }) =>
      status === undefined
    );
  }

  /** Lets what IAM was asked for be answered, without time going on. */
  async settle(): Promise<void> {
    do await this.#breathe(); while (this.isIamBusy());
  }

  /**
   * Lets time go on until a promise is settled.
   *
   * @param options `maxMs` is the time that may pass at most; it stands still while
   * `isBusy`, so that nothing that is under way takes longer than it does.
   * @throws If the promise is not settled by then.
   */
  async elapse<T>(
    work: Promise<T>,
    options: {
      readonly maxMs?: number;
      readonly isBusy?: () => boolean;
    } = {},
  ): Promise<T> {
    const { maxMs = 5_000, isBusy = (): boolean => false } = options;
    let passedMs = 0;
    let isOver = false;
    const over = work.finally(() => isOver = true);
    over.catch(() => {});
    for (let turns = 0; !isOver; turns += 1) {
      if (turns > MAX_TURNS) throw new Error(`Nothing in ${maxMs} ms`);
      // Sockets have their turn in between, and after the last of the time.
      await new Promise((resolve) => setImmediate(resolve));
      if (passedMs >= maxMs || isBusy()) continue;
      this.#time.advance(STEP_MS);
      passedMs += STEP_MS;
    }
    return await over;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}

function createFixture(
  { iam, metadata, kubernetes, nodeAccount }: Sandbox,
): void {
  metadata.set("instance/attributes/cluster-name", "c1");
  iam.accounts.add(OTHER_EMAIL);
  iam.accounts.grant(OTHER_EMAIL, nodeAccount);
  for (const [podIP, account] of Object.entries(PODS)) {
    kubernetes.cluster.create(podObject({
      name: `pod-${podIP.split(".").at(-1)}`,
      podIP,
      nodeName: SANDBOX_NODE,
      annotations: account === undefined
        ? {}
        : { "accounts.google.com/service-account": account },
    }));
  }
}

/** One case of the protocol document. */
export interface ConformanceCase {
  /** Its number there. */
  readonly id: string;
  readonly title: string;
  /** Whether the real metadata server may be asked meanwhile. */
  readonly asksUpstream?: true;
  run(node: ConformanceNode): Promise<void>;
}
