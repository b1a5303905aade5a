import assert from "node:assert/strict";
import { type Mint, MintError, type MintRequest } from "../../src/core/mint.ts";

/** Awaits a failure, which must be a {@linkcode MintError}. */
export async function failureOf(work: Promise<unknown>): Promise<MintError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MintError) return error;
    throw error;
  }
  assert.fail("no failure");
}

/** Mints what must not be had, and returns why. */
export function mintFailure(
  mint: Mint,
  request: MintRequest,
): Promise<MintError> {
  return failureOf(mint(request, new AbortController().signal));
}
