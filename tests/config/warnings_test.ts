import assert from "node:assert/strict";
import { load } from "./load.ts";

const CASES: Readonly<Record<string, [args: readonly string[], word: string]>> =
  {
    "a missing node": [["--node="], "kubernetes.node"],
    "an unverified certificate": [["--insecure"], "kubernetes.insecure"],
    "short staleness": [
      ["--max-staleness=4m"],
      "kubernetes.maxStaleness is 4m",
    ],
    "a long lifetime": [["--google-lifetime=1h1s"], "google.lifetime is 1h1s"],
    "a short lifetime": [["--google-lifetime=14m"], "google.lifetime is 14m"],
    "a long wait": [
      ["--backoff-max-elapsed-time=5s"],
      "backoff.maxElapsed is 5s",
    ],
  };

for (const [name, [args, word]] of Object.entries(CASES)) {
  Deno.test(`findWarnings() warns once of ${name}`, async () => {
    const { warnings } = await load({ args: ["--node=a", ...args] });
    assert.equal(warnings.length, 1);
    assert(warnings[0]?.startsWith(word), String(warnings[0]));
  });
}

Deno.test("findWarnings() has nothing to say about usual values", async () => {
  const { warnings } = await load({
    args: [
      "--node=a",
      "--google-lifetime=1h",
      "--max-staleness=5m",
      "--backoff-max-elapsed-time=4.5s",
    ],
  });
  assert.deepEqual(warnings, []);
});
