import assert from "node:assert/strict";
import { startDeadline } from "../../src/core/deadline.ts";
import { Exposure } from "../../src/core/exposure.ts";
import { decide } from "../../src/core/policy.ts";
import type { AskUpstream, UpstreamRequest } from "../../src/core/upstream.ts";
import {
  createMetadataHandler,
  type MetadataHandlerOptions,
} from "../../src/metadata/handler.ts";
import { ConcurrencyLimit } from "../../src/metadata/concurrency_limit.ts";
import {
  rememberListings,
  rememberNodeValues,
} from "../../src/metadata/node_values.ts";
import type { RawAnswer } from "../sandbox/raw_http.ts";
import type { HostileRequest } from "./hostile_request.ts";
import {
  answerUpstream,
  mayShow,
  NODE,
  type Profile,
} from "./marked_upstream.ts";
import { createPod } from "./pod_side.ts";
import { toRequest } from "./sent_request.ts";
import { OWN } from "./standing_assertions.ts";

const OTHER = "billing@demo-proj.iam.gserviceaccount.com";

const BUDGET_MS = 4_500;

const ACCOUNT_OF: Readonly<Record<string, string | undefined>> = {
  "10.0.0.5": OWN,
  "10.0.0.6": OTHER,
  "10.0.0.7": undefined,
};

/** The addresses of the pods, and one that no pod has. */
export const PEERS: readonly string[] = [
  "10.0.0.5",
  "10.0.0.6",
  "10.0.0.7",
  "10.0.0.99",
];

/** A handler with everything around it in memory. */
export class HostileServer {
  readonly #profile: Profile;
  readonly #asked: UpstreamRequest[] = [];
  readonly #failures: unknown[] = [];
  readonly #handle: ReturnType<typeof createMetadataHandler>;

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#handle = createMetadataHandler(this.#options());
  }

  /** Asks, and checks all that holds of every answer; `undefined` for what the parser refuses. */
  async check(
    sent: HostileRequest,
    peer: string,
  ): Promise<RawAnswer | undefined> {
    const request = toRequest(sent);
    if (request === undefined) return undefined;
    this.#asked.length = 0;
    this.#failures.length = 0;
    const response = await this.#handle(request, {
      remoteAddr: { transport: "tcp", hostname: peer, port: 40_000 },
    });
    const lines = [...response.headers].map(([name, value]) =>
      `${name}: ${value}`
    );
    const answer: RawAnswer = {
      status: response.status,
      lines,
      body: await response.text(),
      header: (name) => response.headers.get(name) ?? undefined,
    };
    assert.deepEqual(this.#failures, []);
    this.#assertForm(sent, answer);
    this.#assertGated(sent, answer);
    this.#assertDiscretion(sent, peer, answer);
    for (const { path } of this.#asked) {
      const relative = path.replace("/computeMetadata/v1/", "")
        .replace(/\/$/, "");
      assert.ok(
        path.startsWith("/computeMetadata/v1/") &&
          (relative === "" || mayShow(relative, this.#profile)),
        `the real server was asked for ${path}`,
      );
    }
    return answer;
  }

  #assertForm(sent: HostileRequest, answer: RawAnswer): void {
    const { status, body, header } = answer;
    assert.ok(
      [200, 301, 400, 403, 404, 405, 503].includes(status),
      `status ${status}`,
    );
    assert.equal(header("Metadata-Flavor"), "Google");
    assert.ok(header("Content-Type"));
    const length = header("Content-Length");
    if (sent.method === "HEAD") {
      assert.equal(body, "");
      assert.match(length ?? "", /^\d+$/);
    } else {
      // The server adds the length of what it sends, and another one of ours would be two.
      assert.equal(length, undefined);
    }
  }

  /** Checks that nothing was given to whom the gate should have refused. */
  #assertGated(sent: HostileRequest, { status }: RawAnswer): void {
    if (status !== 200 && status !== 301) return;
    assert.ok(["GET", "HEAD"].includes(sent.method), sent.method);
    const valuesOf = (wanted: string): readonly string[] =>
      sent.headers.filter(([name]) => name.toLowerCase() === wanted)
        .map(([, value]) => value);
    assert.deepEqual(valuesOf("x-forwarded-for"), []);
    const isRoot = /^([a-z]+:\/\/[^/?]*)?\/(\?|$)/i.test(sent.target);
    if (!isRoot) assert.deepEqual(valuesOf("metadata-flavor"), ["Google"]);
  }

  #assertDiscretion(
    { target }: HostileRequest,
    peer: string,
    { status, lines, body }: RawAnswer,
  ): void {
    const text = [...lines, body].join("\n");
    for (const [, path = ""] of text.matchAll(/NODE-SECRET<([^>]*)>/g)) {
      assert.ok(mayShow(path, this.#profile), `${path} in ${text}`);
    }
    assert.ok(!/NODE-SECRET(?!<)/.test(text));
    const accounts = [OWN, OTHER, NODE];
    for (const account of accounts) {
      if (account === ACCOUNT_OF[peer]) continue;
      // A redirect says again what the client said itself.
      if (status === 301 && target.includes(account)) continue;
      assert.ok(!text.includes(account), `${account} in ${text}`);
    }
  }

  #options(): MetadataHandlerOptions {
    const exposure = new Exposure({
      expose: this.#profile,
      allow: [],
      deny: [],
    });
    const never = new AbortController().signal;
    let time = 1_000;
    const clock = {
      now: () => time,
      // A wait for a change is over at once; a request's time never ends.
      sleep: (ms: number) => {
        if (ms === BUDGET_MS) return new Promise<void>(() => {});
        time += ms;
        return Promise.resolve();
      },
    };
    const askUpstream: AskUpstream = (request) => {
      this.#asked.push(request);
      return Promise.resolve({
        status: 200,
        contentType: "application/text",
        etag: "0123456789abcdef",
        body: answerUpstream(request),
      });
    };
    return {
      identifyNow: () => undefined,
      mintNow: () => undefined,
      identify: (address) =>
        Promise.resolve(
          address in ACCOUNT_OF
            ? {
              kind: "found",
              caller: {
                pod: createPod(address, {
                  accountAnnotation: ACCOUNT_OF[address],
                }),
                namespace: undefined,
              },
            }
            : {
              kind: "refused",
              reason: "unknown-caller",
              message: "No pod has this address",
            },
        ),
      decide: ({ pod, namespace }) =>
        decide(
          {
            defaultAccount: { kind: "none" },
            defaultScopes: ["https://www.googleapis.com/auth/cloud-platform"],
            restrictions: "off",
          },
          pod,
          namespace,
        ),
      mint: ({ account }) =>
        Promise.resolve({
          value: `ya29.${account}`,
          expiresAtMs: time + 3_600_000,
        }),
      askUpstream,
      exposure: () => exposure,
      nodeValues: rememberNodeValues(askUpstream, clock.now),
      listings: rememberListings(askUpstream, clock.now),
      universeDomain: "googleapis.com",
      waits: new ConcurrencyLimit({ total: 64, perAddress: 8 }),
      inFlight: new ConcurrencyLimit({ total: 1_024, perAddress: 256 }),
      stopping: never,
      hosts: () => [],
      health: () => undefined,
      isLeaving: () => false,
      observe: ({ answer }) => {
        if (answer.reason === "internal-error") {
          this.#failures.push(answer.cause);
        }
      },
      startBudget: () =>
        startDeadline(clock, {
          ms: BUDGET_MS,
          reason: () => new Error("late"),
        }),
      clock,
    };
  }
}
