// 100,000 requests over 1,000 tokens, which are renewed many times meanwhile: what is kept
// in memory must not grow. Fails if it does.
import type { Clock } from "../../src/core/clock.ts";
import type { Grant } from "../../src/core/grant.ts";
import { createTokenService } from "../../src/tokens/token_service.ts";

/** Collects garbage; there with `--expose-gc`. */
declare const gc: () => void;

const REQUESTS = 100_000;
const KEYS = 1_000;
/** Heap after the second half of the requests, beside that after the first. */
const MAX_GROWTH = 1.1;

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

async function soak(): Promise<void> {
  const clock = new SwiftClock();
  const grants: readonly Grant[] = Array.from({ length: 100 }, (_, pod) => ({
    holder: `pod-${pod}`,
    account: `account-${pod % 20}@p`,
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
  const { signal } = ending;
  const run = async (from: number, to: number): Promise<number> => {
    for (let index = from; index < to; index += 1) {
      const { holder, account } = grants[index % 100] ??
        { holder: "", account: "" };
      clock.pass(1_000);
      // What goes on in the background has its turns too.
      for (let turn = 0; turn < 30; turn += 1) await undefined;
      await mint(
        {
          kind: "id-token",
          account,
          audience: `audience-${index % KEYS}`,
          format: "full",
          licenses: false,
        },
        signal,
        holder,
      );
    }
    gc();
    return Deno.memoryUsage().heapUsed;
  };
  const first = await run(0, REQUESTS / 2);
  const second = await run(REQUESTS / 2, REQUESTS);
  ending.abort();
  clock.pass(0);
  await kept;
  if (cache.size > KEYS + 20) throw new Error(`${cache.size} tokens in memory`);
  if (minted < 2 * KEYS) throw new Error(`${minted} tokens minted`);
  if (second > first * MAX_GROWTH) {
    throw new Error(`The heap grew from ${first} to ${second} bytes`);
  }
}

Deno.bench({
  name: `${REQUESTS} requests over ${KEYS} tokens, memory flat`,
  group: "token soak",
  n: 1,
  warmup: 1,
  fn: soak,
});
