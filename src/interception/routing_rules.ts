import type { FamilyRules, Guard } from "./family_rules.ts";

/** Marks our routing rules, among the numbers that nobody has reserved. */
export const ROUTING_PROTOCOL = "83";

/** Before all rules of others, for those can lead pods' packets out earlier. */
const PREFERENCE = { node: 5, dns: 6, closed: 7, end: 8 } as const;

/**
 * Tells which routing rules one address family needs, in the words of `ip rule`.
 *
 * They are the last guard, for when somebody has removed all rules of netfilter at
 * once: whatever is forwarded to the metadata server has no route then. While our
 * rules of netfilter stand, nothing gets as far as these. The node's own packets
 * come in by `lo`, so to say, and go on.
 *
 * @param wanted What is wanted.
 * @returns The rules in an order in which each can be added without harm to the node.
 */
export function listRoutingRules(
  { address, guard }: FamilyRules,
): readonly string[] {
  const closed: Readonly<Record<Guard, string>> = {
    all: "ipproto tcp",
    http: "ipproto tcp dport 80",
    off: "",
  };
  const { node, dns, closed: last, end } = PREFERENCE;
  return guard === "off" ? [] : [
    `pref ${end} nop`,
    `pref ${node} to ${address} iif lo goto ${end}`,
    `pref ${dns} to ${address} ipproto tcp dport 53 goto ${end}`,
    `pref ${last} to ${address} ${closed[guard]} prohibit`,
  ];
}
