import { createHash } from "node:crypto";

/**
 * Derives the 21-digit unique id of an account, which Google uses as `sub`.
 *
 * @param email E-mail of the account; the same e-mail always has the same id here.
 */
export function deriveUniqueId(email: string): string {
  const digest = createHash("sha256").update(email).digest("hex");
  return `1${
    (BigInt(`0x${digest}`) % 10n ** 20n).toString().padStart(20, "0")
  }`;
}
