import type { Clock } from "../core/clock.ts";
import { startDeadline } from "../core/deadline.ts";
import { type Mint, MintError } from "../core/mint.ts";
import { abandonOn } from "./abandon_on.ts";

/**
 * Wraps a minter so that each call ends in time, even if the minter does not.
 *
 * @param mint Minter to call; its signal fires at the deadline.
 * @param options The time allowed for one call, and the clock.
 * @returns A minter that throws `iam-unavailable` once the time is over.
 */
export function withDeadline(
  mint: Mint,
  options: { readonly deadlineMs: number; readonly clock: Clock },
): Mint {
  const { clock, deadlineMs } = options;
  return async (request, signal, holder) => {
    const deadline = startDeadline(clock, {
      ms: deadlineMs,
      reason: () =>
        new MintError(
          "iam-unavailable",
          "IAM did not answer in time; try again",
        ),
      outer: signal,
    });
    try {
      return await abandonOn(
        deadline.signal,
        mint(request, deadline.signal, holder),
      );
    } finally {
      deadline.stop();
    }
  };
}
