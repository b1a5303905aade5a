import type { Mint, MintRequest } from "../../src/core/mint.ts";
import type { Token } from "../../src/core/token.ts";

/** One call of the minter that a test answers when it likes. */
export interface MintCall {
  readonly request: MintRequest;
  readonly signal: AbortSignal;
  succeed(token: Token): void;
  fail(error: Error): void;
}

/** A minter that notes each call and leaves the answer to the test. */
export class ScriptedMint {
  readonly calls: MintCall[] = [];

  readonly mint: Mint = (request, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Token>();
    this.calls.push({ request, signal, succeed: resolve, fail: reject });
    return promise;
  };

  /** The n-th call, counted from 0; it must have been made. */
  call(index: number): MintCall {
    const call = this.calls[index];
    if (call === undefined) throw new Error(`there is no call ${index}`);
    return call;
  }
}
