import assert from "node:assert/strict";
import {
  describeMiss,
  mapOutcome,
  probe,
} from "../../../src/cli/doctor/probe.ts";
import { KubernetesApiError } from "../../../src/kubernetes/api_client.ts";
import { clockOf } from "../../google/manual_clock.ts";
import { ManualTime } from "../../sandbox/manual_time.ts";

Deno.test("probe() tells what was learned or thrown, and leaves no timer", async () => {
  const time = new ManualTime();
  const limit = { clock: clockOf(time), limitMs: 5_000 };
  assert.deepEqual(await probe(() => Promise.resolve(7), limit), {
    kind: "got",
    value: 7,
  });
  const error = new Error("no");
  assert.deepEqual(await probe(() => Promise.reject(error), limit), {
    kind: "failed",
    error,
  });
  assert.equal(time.sleeping, 0);
});

Deno.test("probe() waits for the limit, and not for work that pays no attention", async () => {
  const time = new ManualTime();
  const told: string[] = [];
  const outcome = probe((signal) => {
    signal.addEventListener("abort", () => told.push("abort"));
    return new Promise<never>(() => {});
  }, { clock: clockOf(time), limitMs: 5_000 });
  time.advance(4_999);
  assert.deepEqual(told, []);
  time.advance(1);
  const late = await outcome;
  assert(late.kind === "failed");
  assert.equal(describeMiss(late), "No answer within 5 seconds");
  assert.deepEqual(told, ["abort"]);
});

Deno.test("describeMiss() names the right that is missing", () => {
  const error = new KubernetesApiError("GET /x answered 403: no", {
    status: 403,
  });
  const failed = { kind: "failed", error } as const;
  assert.equal(
    describeMiss(failed, "get nodes"),
    "RBAC: this account may not get nodes",
  );
  assert.equal(describeMiss(failed), "GET /x answered 403: no");
  assert.equal(
    describeMiss({ kind: "failed", error: new Error("cut") }, "get nodes"),
    "cut",
  );
  assert.equal(describeMiss({ kind: "skipped", reason: "off" }, "x"), "off");
});

Deno.test("mapOutcome() passes on why there is nothing", () => {
  const double = (value: number): number => 2 * value;
  assert.deepEqual(mapOutcome({ kind: "got", value: 2 }, double), {
    kind: "got",
    value: 4,
  });
  const skipped = { kind: "skipped", reason: "off" } as const;
  assert.equal(mapOutcome(skipped, double), skipped);
});
