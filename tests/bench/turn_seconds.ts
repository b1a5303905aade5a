import type { Setup } from "./scenario.ts";

/**
 * Tells how long one turn of a contender is, in seconds.
 *
 * @param setup Whether to be short.
 */
export function turnSeconds({ isShort }: Pick<Setup, "isShort">): number {
  return isShort ? 0.4 : 2;
}
