import {
  createSigningKey,
  type SigningKey,
} from "../../src/sandbox/signing_key.ts";

let signingKey: Promise<SigningKey> | undefined;

/** A key for all emulators of this process: generating one takes longer than most tests. */
export function sharedSigningKey(): Promise<SigningKey> {
  signingKey ??= createSigningKey();
  return signingKey;
}
