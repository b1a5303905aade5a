import assert from "node:assert/strict";
import { type Mint, MintError, type MintRequest } from "../../src/core/mint.ts";
import { withDeadline } from "../../src/tokens/with_deadline.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { ScriptedMint } from "./scripted_mint.ts";

const never = new AbortController().signal;
const request: MintRequest = {
  kind: "access-token",
  account: "app@demo-proj.iam.gserviceaccount.com",
  scopes: ["a"],
};

interface Fixture {
  readonly time: ManualTime;
  readonly source: ScriptedMint;
  readonly mint: Mint;
}

function start(): Fixture {
  const time = new ManualTime();
  const source = new ScriptedMint();
  const mint = withDeadline(source.mint, {
    deadlineMs: 4_500,
    clock: clockOf(time),
  });
  return { time, source, mint };
}

function isLate(error: unknown): boolean {
  return error instanceof MintError && error.failure === "iam-unavailable" &&
    error.message === "IAM did not answer in time; try again";
}

Deno.test("withDeadline() passes on request and answer, and stops the clock", async () => {
  const { time, source, mint } = start();
  const token = { value: "x", expiresAtMs: 1 };
  const asked = mint(request, never);
  assert.equal(source.call(0).request, request);
  source.call(0).succeed(token);
  assert.equal(await asked, token);
  assert.equal(time.sleeping, 0);
});

Deno.test("withDeadline() passes on a failure, and stops the clock", async () => {
  const { time, source, mint } = start();
  const asked = mint(request, never);
  const error = new Error("x");
  source.call(0).fail(error);
  await assert.rejects(asked, (thrown) => thrown === error);
  assert.equal(time.sleeping, 0);
});

Deno.test("withDeadline() fires the minter's signal at the deadline, not before", async () => {
  const { time, source, mint } = start();
  const asked = mint(request, never);
  const { signal, fail } = source.call(0);
  signal.addEventListener("abort", () => fail(signal.reason));
  await time.asleep(1);
  time.advance(4_499);
  assert.ok(!signal.aborted);
  time.advance(1);
  await assert.rejects(asked, isLate);
  assert.ok(signal.aborted);
});

Deno.test("withDeadline() ends on time although the minter pays no attention", async () => {
  const { time, source, mint } = start();
  const asked = mint(request, never);
  await time.asleep(1);
  time.advance(4_500);
  await assert.rejects(asked, isLate);
  source.call(0).fail(new Error("nobody waits for this"));
});

Deno.test("withDeadline() ends with the caller's reason when the caller leaves", async () => {
  const { time, source, mint } = start();
  const caller = new AbortController();
  const asked = mint(request, caller.signal);
  const reason = new Error("gone");
  caller.abort(reason);
  await assert.rejects(asked, (error) => error === reason);
  assert.equal(source.call(0).signal.reason, reason);
  assert.equal(time.sleeping, 0);
});
