import { canonicalAddress } from "../../core/address.ts";
import { UsageError } from "../command.ts";

/** What is to be explained. */
export type Target =
  & {
    /** The target as it is shown. */
    readonly text: string;
  }
  & (
    | {
      readonly kind: "pod";
      /** Namespace of the pod. */
      readonly namespace: string;
      /** Name of the pod. */
      readonly name: string;
    }
    | {
      readonly kind: "address";
      /** Address in canonical form. */
      readonly address: string;
    }
  );

/** Names as the API server takes them (RFC 1123); nothing else may reach a path or selector. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * Reads what is to be explained.
 *
 * @param words Arguments that belong to no flag; there must be one.
 * @throws {UsageError} If it names neither a pod nor an address.
 */
export function parseTarget(words: readonly string[]): Target {
  const [text, ...others] = words;
  if (text === undefined || others.length > 0) {
    throw new UsageError("explain takes exactly one NAMESPACE/POD or address");
  }
  const address = canonicalAddress(text);
  if (address !== undefined) return { kind: "address", text: address, address };
  const [namespace = "", name = "", ...rest] = text.split("/");
  if (!LABEL.test(namespace) || !SUBDOMAIN.test(name) || rest.length > 0) {
    throw new UsageError(
      `${
        JSON.stringify(text)
      } names no pod; expected NAMESPACE/POD or an IP address`,
    );
  }
  return { kind: "pod", text, namespace, name };
}
