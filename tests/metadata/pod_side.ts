import type { Caller, Identification } from "../../src/core/caller.ts";
import { ConcurrencyLimit } from "../../src/metadata/concurrency_limit.ts";
import {
  rememberListings,
  rememberNodeValues,
} from "../../src/metadata/node_values.ts";
import { startDeadline } from "../../src/core/deadline.ts";
import { Exposure, type ExposureOptions } from "../../src/core/exposure.ts";
import { MintError } from "../../src/core/mint.ts";
import type { Pod } from "../../src/core/pod.ts";
import { decide, type Policy } from "../../src/core/policy.ts";
import {
  createMetadataHandler,
  type Exchange,
  type MetadataHandlerOptions,
} from "../../src/metadata/handler.ts";
import { TokenCache } from "../../src/tokens/token_cache.ts";
import {
  APP,
  type GoogleSide,
  PLATFORM,
  startGoogleSide,
} from "../google/google_side.ts";
import { clockOf } from "../google/manual_clock.ts";
import type { RawAnswer } from "../sandbox/raw_http.ts";
import { assertHeaderBlock, type RawRequest, request } from "./raw_client.ts";

export const V1 = "/computeMetadata/v1";
export const SA = "/computeMetadata/v1/instance/service-accounts";
export const USERINFO = "https://www.googleapis.com/auth/userinfo.email";

/** How a test sets up the pod-facing side. */
export interface PodSideOptions {
  /** Pods by their address; the one on 127.0.0.1 has {@linkcode APP} unless told otherwise. */
  readonly pods?: Readonly<Record<string, Partial<Pod>>>;
  readonly policy?: Partial<Policy>;
  readonly exposure?: Partial<ExposureOptions>;
  /** Address to listen on. */
  readonly hostname?: "127.0.0.1" | "::";
  /** Collaborators to put in place of the usual ones. */
  readonly replace?: Partial<MetadataHandlerOptions>;
}

/** The pod-facing handler behind a real listener, in front of the emulators. */
export interface PodSide extends AsyncDisposable {
  readonly google: GoogleSide;
  readonly port: number;
  readonly exchanges: readonly Exchange[];
  /** Sends a request, and checks the header block of the answer. */
  send(request: RawRequest): Promise<RawAnswer>;
  /** Sends a proper GET. */
  get(target: string): Promise<RawAnswer>;
  /** Targets that reached the real metadata server, but for the node's own token. */
  upstreamTargets(): readonly string[];
}

/** Starts everything; the caller is found by its address alone. */
export async function startPodSide(
  options: PodSideOptions = {},
): Promise<PodSide> {
  await using starting = new AsyncDisposableStack();
  const google = starting.use(await startGoogleSide());
  const exchanges: Exchange[] = [];
  const server = starting.use(
    Deno.serve(
      {
        hostname: options.hostname ?? "127.0.0.1",
        port: 0,
        onListen: () => {},
      },
      createMetadataHandler({
        ...createOptions(google, options),
        observe: (exchange) => exchanges.push(exchange),
        ...options.replace,
      }),
    ),
  );
  const { port } = server.addr;
  const send = async (raw: RawRequest): Promise<RawAnswer> => {
    const answer = await request(port, raw);
    assertHeaderBlock(answer, raw.method);
    return answer;
  };
  const stack = starting.move();
  return {
    google,
    port,
    exchanges,
    send,
    get: (target) => send({ target }),
    upstreamTargets: () =>
      google.metadata.requests.entries.map(({ target }) => target)
        .filter((target) => target !== `${SA}/default/token`),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function createOptions(
  google: GoogleSide,
  { pods, policy, exposure }: PodSideOptions,
): Omit<MetadataHandlerOptions, "observe"> {
  const { time } = google;
  const shown = new Exposure({
    expose: "standard",
    allow: [],
    deny: [],
    ...exposure,
  });
  const callers = new Map<string, Caller>(
    Object.entries({ "127.0.0.1": {}, ...pods }).map(([address, pod]) => [
      address,
      { pod: createPod(address, pod), namespace: { kind: "absent" } },
    ]),
  );
  return {
    waits: new ConcurrencyLimit({ total: 64, perAddress: 8 }),
    inFlight: new ConcurrencyLimit({ total: 1_024, perAddress: 256 }),
    nodeValues: rememberNodeValues(google.client.ask, time.now),
    listings: rememberListings(google.client.ask, time.now),
    universeDomain: "googleapis.com",
    stopping: new AbortController().signal,
    identifyNow: () => undefined,
    mintNow: () => undefined,
    identify: (address) => Promise.resolve(identify(callers.get(address))),
    decide: ({ pod, namespace }) =>
      decide(
        {
          defaultAccount: { kind: "none" },
          defaultScopes: [PLATFORM, USERINFO],
          restrictions: "off",
          ...policy,
        },
        pod,
        namespace,
      ),
    mint: new TokenCache(google.mint, {
      capacity: 100,
      perHolder: 100,
      now: time.now,
      random: () => 0,
      onServed: () => {},
    }).mint,
    askUpstream: google.client.ask,
    exposure: () => shown,
    hosts: () => ["metadata.example"],
    startBudget: () =>
      startDeadline(clockOf(time), {
        ms: 4_500,
        reason: () => new MintError("iam-unavailable", "Too late"),
      }),
    health: () => undefined,
    isLeaving: () => false,
    clock: clockOf(time),
  };
}

function identify(caller: Caller | undefined): Identification {
  return caller === undefined
    ? { kind: "refused", reason: "unknown-caller", message: "Unknown" }
    : { kind: "found", caller };
}

/** Makes a running pod. */
export function createPod(address: string, pod: Partial<Pod> = {}): Pod {
  return {
    uid: `uid-${address}`,
    namespace: "default",
    name: "debug-shell",
    addresses: [address],
    phase: "Running",
    isTerminating: false,
    createdAtMs: 0,
    hostNetwork: false,
    serviceAccountName: "default",
    accountAnnotation: APP,
    scopesAnnotation: undefined,
    ...pod,
  };
}
