import type { Mint } from "../core/mint.ts";
import type { FairBucket } from "./fair_bucket.ts";

/**
 * Wraps a minter so that its calls keep to a rate that the pods share fairly.
 *
 * @param mint Minter to call once it is the holder's turn.
 * @param bucket The rate.
 */
export function withBudget(mint: Mint, bucket: FairBucket): Mint {
  return async (request, signal, holder) => {
    await bucket.take(holder ?? "", signal);
    return await mint(request, signal, holder);
  };
}
