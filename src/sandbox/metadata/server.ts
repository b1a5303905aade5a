import { FaultPlan, type SandboxSleep } from "../fault_plan.ts";
import { Journal } from "../journal.ts";
import { type Exchange, LoopbackServer } from "../loopback_server.ts";
import { createMetadataError } from "./answers.ts";
import { MetadataNode, type MetadataNodeOptions } from "./node.ts";
import { answerMetadata } from "./router.ts";
import { listSecrets } from "./secrets.ts";
import type { MetadataValue } from "./tree.ts";
import type { NodeAccountOptions } from "./node_tokens.ts";
import { respond } from "../respond.ts";
import {
  createSigningKey,
  type PublicSigningJwk,
  type SigningKey,
} from "../signing_key.ts";
import type { BearerAccount } from "../token_ledger.ts";

/** One request that reached the server. */
export interface MetadataServerRequest {
  /** Method as sent. */
  readonly method: string;
  /** Target as sent, neither decoded nor normalised. */
  readonly target: string;
  /** Header fields as sent, in order, duplicates kept. */
  readonly headers: readonly (readonly [string, string])[];
}

/** How to set up a metadata server; whatever is left out has a sandbox value. */
export interface MetadataServerOptions extends MetadataNodeOptions {
  /** Waits for `timeout_sec` and for delay faults. */
  readonly sleep: SandboxSleep;
  /** Port on 127.0.0.1; 0, the default, picks a free one. */
  readonly port?: number;
  /** Signs identity tokens; a fresh key when left out. */
  readonly signingKey?: SigningKey;
}

/** A running emulator of a GCE VM's metadata server. */
export class MetadataServer implements AsyncDisposable {
  readonly #server: LoopbackServer;
  readonly #node: MetadataNode;
  readonly #sleep: SandboxSleep;

  /** Every request, in order of arrival. */
  readonly requests: Journal<MetadataServerRequest> = new Journal();
  /** Targets of the requests with `wait_for_change`, added once no change can be missed. */
  readonly waits: Journal<string> = new Journal();
  /** What goes wrong. */
  readonly faults: FaultPlan<MetadataServerRequest>;
  /** Verifies the node's identity tokens. */
  readonly publicJwk: PublicSigningJwk;

  /**
   * Creates a server that does not listen yet; use {@linkcode startMetadataServer}.
   *
   * @param options Set-up.
   * @param signingKey Signs identity tokens.
   */
  constructor(options: MetadataServerOptions, signingKey: SigningKey) {
    this.#node = new MetadataNode(options, signingKey);
    this.#sleep = options.sleep;
    this.publicJwk = signingKey.publicJwk;
    this.faults = new FaultPlan(options.sleep);
    this.#server = new LoopbackServer(
      (exchange) => this.#serve(exchange),
      options.port,
    );
  }

  /** Host and port, as `GCE_METADATA_HOST` wants it. */
  get address(): string {
    return this.#server.address;
  }

  /** Base URL without a final slash. */
  get url(): string {
    return `http://${this.address}`;
  }

  /** Every access token of the node minted so far, oldest first. */
  get tokens(): readonly string[] {
    return this.#node.credentials.tokens.tokens;
  }

  /** Every string that must never reach a pod: concealed values, line by line, and credentials. */
  get secrets(): readonly string[] {
    return [
      ...listSecrets(this.#node.tree.root),
      ...this.tokens,
      ...this.#node.credentials.identityTokens,
    ];
  }

  /**
   * Tells what a node token stands for.
   *
   * @param token Bearer value; an expired one is still known.
   */
  accountOf(token: string): BearerAccount | undefined {
    return this.#node.credentials.tokens.describe(token);
  }

  /**
   * Sets a value and answers whoever waits for it to change.
   *
   * @param path Path below `/computeMetadata/v1/`.
   * @param value New value.
   * @throws {Error} If the path leads through a leaf.
   */
  set(path: string, value: MetadataValue): void {
    this.#node.tree.set(path, value);
  }

  /**
   * Removes a value, so that it is 404.
   *
   * @param path Path below `/computeMetadata/v1/`; a directory goes with all it holds.
   */
  remove(path: string): void {
    this.#node.tree.remove(path);
  }

  /**
   * Changes the service account of the node.
   *
   * @param account What differs from the sandbox account, or `none` for a node without one.
   */
  setAccount(account: Partial<NodeAccountOptions> | "none"): void {
    this.#node.setAccount(account);
  }

  /** Listens, on the same port as before; does nothing while already listening. */
  start(): Promise<void> {
    return this.#server.start();
  }

  /** Goes down: drops every connection and refuses new ones. */
  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** Stops for good. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #serve(exchange: Exchange): Promise<void> {
    const { method, target, headers } = exchange;
    const request: MetadataServerRequest = { method, target, headers };
    this.requests.add(request);
    await respond(exchange, {
      fault: await this.faults.meet(request, exchange.gone),
      answer: () =>
        answerMetadata(exchange, this.#node, {
          sleep: this.#sleep,
          address: this.address,
          onWait: (waiting) => this.waits.add(waiting),
        }),
      renderStatus: (status) =>
        createMetadataError(status, "This error was ordered."),
    });
  }
}

/**
 * Starts an emulator of a GCE VM's metadata server on a loopback port.
 *
 * @param options Set-up; clock and sleep are required.
 * @throws {Error} If the port is taken.
 */
export async function startMetadataServer(
  options: MetadataServerOptions,
): Promise<MetadataServer> {
  const server = new MetadataServer(
    options,
    options.signingKey ?? await createSigningKey(),
  );
  await server.start();
  return server;
}
