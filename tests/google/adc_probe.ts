import { MintError } from "../../src/core/mint.ts";
import { createImpersonation } from "../../src/google/impersonation.ts";
import { createSourceClient } from "../../src/google/source_client.ts";

/** Mints with application default credentials, as often as told, and prints what came of it. */
const [endpoint = "", account = "", times = "1"] = Deno.args;
const mint = createImpersonation(createSourceClient({ kind: "adc" }), () => ({
  endpoint,
  lifetimeMs: 3_600_000,
  delegates: [],
}), Date.now);
const outcomes: string[] = [];
for (let time = 0; time < Number(times); time++) {
  try {
    const token = await mint({
      kind: "access-token",
      account,
      scopes: ["https://www.googleapis.com/auth/devstorage.read_only"],
    }, new AbortController().signal);
    outcomes.push(token.value);
  } catch (error) {
    const isMintError = error instanceof MintError;
    const passing = isMintError && error.isTransient ? " for now" : "";
    outcomes.push(isMintError ? error.failure + passing : String(error));
  }
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(outcomes)));
