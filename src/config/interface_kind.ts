import { listKind } from "./composed_kind.ts";
import { type Decoded, textKind, type ValueKind } from "./value_kind.ts";

/** The kernel's IFNAMSIZ is 16, with the byte that ends the name; a `+` takes a place of its own. */
const INTERFACE_PATTERN = "^!?(?=.{1,15}$)[A-Za-z0-9_][A-Za-z0-9_.@-]*[+]?$";
const INTERFACE = new RegExp(INTERFACE_PATTERN);

const ACCEPTS = "a network interface such as cali+ or cni0, of at most 15 " +
  "characters, + at its end standing for any rest, or !eth0 alone";

/**
 * Network interfaces by name: any number of them, or a single negated one.
 *
 * A negated one beside others is refused, because each reader would understand it
 * differently, and so are names that the kernel does not take: iptables accepts most of
 * them, and such a rule never matches.
 */
export const INTERFACES: ValueKind<readonly string[]> = createInterfaces();

function createInterfaces(): ValueKind<readonly string[]> {
  const list = listKind(
    textKind(
      {
        type: "interface",
        accepts: ACCEPTS,
        schema: { pattern: INTERFACE_PATTERN },
      },
      (text) => INTERFACE.test(text) ? text : undefined,
    ),
    { type: "interfaces", atLeast: 0 },
  );
  return {
    ...list,
    accepts:
      "a list, or text separated by commas, of any number of interfaces, or of a single negated one such as !eth0",
    decode(value): Decoded<readonly string[]> {
      const decoded = list.decode(value);
      if (decoded.outcome === "refused") return decoded;
      return isUnambiguous(decoded.value) ? decoded : { outcome: "refused" };
    },
  };
}

function isUnambiguous(interfaces: readonly string[]): boolean {
  return interfaces.length <= 1 ||
    !interfaces.some((entry) => entry.startsWith("!"));
}
