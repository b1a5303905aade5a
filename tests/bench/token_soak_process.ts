/**
 * Asks for the same tokens over and over, which are renewed many times meanwhile, and prints
 * as JSON what then is in the heap. To be run with `--v8-flags=--expose-gc`.
 */
import type { Clock } from "../../src/core/clock.ts";
import type { Grant } from "../../src/core/grant.ts";
import { createTokenService } from "../../src/tokens/token_service.ts";

/** Collects garbage. */
declare const gc: () => void;

/** What is printed: the heap after the first half of the requests, and the second. */
export interface SoakFindings {
  /** In MiB. */
  readonly firstMiB: number;
  /** In MiB. */
  readonly secondMiB: number;
}

const [requests = 0, keys = 0] = Deno.args.map(Number);
/** Accounts of the pods, whose access tokens are kept as well. */
const ACCOUNTS = 20;

/** Time that goes on by a second with each request, and never waits. */
class SwiftClock implements Clock {
  #nowMs = 0;
  #sleepers: { readonly atMs: number; readonly resolve: () => void }[] = [];

  readonly now = (): number => this.#nowMs;
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal?.addEventListener("abort", () => resolve(), { once: true });
      this.#sleepers.push({ atMs: this.#nowMs + ms, resolve });
    });
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    const [due, rest] = [true, false].map((isDue) =>
      this.#sleepers.filter(({ atMs }) => (atMs <= this.#nowMs) === isDue)
    );
    this.#sleepers = rest ?? [];
    for (const { resolve } of due ?? []) resolve();
  }
}

const clock = new SwiftClock();
const grants: readonly Grant[] = Array.from({ length: 100 }, (_, pod) => ({
  holder: `pod-${pod}`,
  account: `account-${pod % ACCOUNTS}@p`,
  scopes: ["s"],
}));
let minted = 0;
const { mint, keeper, cache } = createTokenService(() => {
  minted += 1;
  const value = `${minted}`.padEnd(1_024, "x");
  return Promise.resolve({ value, expiresAtMs: clock.now() + 3_600_000 });
}, {
  capacity: 10_000,
  perHolder: 32,
  callsPerSecond: 1_000,
  callBurst: 1_000,
  refusalMs: 10_000,
  prefetch: true,
  deadlineMs: 4_500,
  grants: () => grants,
  clock,
  random: Math.random,
  onServed: () => {},
  onRenewal: () => {},
});
const ending = new AbortController();
const kept = keeper.run(ending.signal);
keeper.changed();
const firstMiB = await ask(0, requests / 2);
const secondMiB = await ask(requests / 2, requests);
ending.abort();
clock.pass(0);
await kept;
if (cache.size > keys + ACCOUNTS) {
  throw new Error(`${cache.size} tokens in memory`);
}
if (minted < 2 * keys) throw new Error(`${minted} tokens minted`);
const findings: SoakFindings = { firstMiB, secondMiB };
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(findings)));

/** Asks so often, and gives the heap in MiB. */
async function ask(from: number, to: number): Promise<number> {
  const { signal } = ending;
  for (let index = from; index < to; index += 1) {
    const { holder, account } = grants[index % 100] ??
      { holder: "", account: "" };
    clock.pass(1_000);
    // What goes on in the background has its turns too.
    for (let turn = 0; turn < 30; turn += 1) await undefined;
    const kind = "id-token";
    const audience = `audience-${index % keys}`;
    await mint(
      { kind, account, audience, format: "full", licenses: false },
      signal,
      holder,
    );
  }
  gc();
  return Deno.memoryUsage().heapUsed / 2 ** 20;
}
