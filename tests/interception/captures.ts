import type { CapturedTable } from "../../src/interception/iptables_plan.ts";
import { listFamilyRules } from "../../src/interception/family_rules.ts";
import {
  listTableRules,
  type TableRules,
} from "../../src/interception/iptables_rules.ts";

/** What all captures were made with. */
const WANTED = {
  guard: "all",
  redirect: {
    hostIP: "10.128.0.2",
    match: { kind: "not", name: "eth0" },
    listener: { address: "0.0.0.0", port: 8181, otherPort: 0 },
    connectionsPerPod: 256,
    refuseDirect: true,
  },
} as const;

const ADDRESSES = { address: "169.254.169.254", ipv6Address: "fd20:ce::254" };

/** The rules of both families that the captures are about. */
export const CAPTURED_FAMILIES: ReturnType<typeof listFamilyRules> =
  listFamilyRules(WANTED, ADDRESSES);

/** The IPv4 rules of iptables that the captures are about. */
export const CAPTURED_RULES: readonly TableRules[] = CAPTURED_FAMILIES
  .slice(0, 1).flatMap(listTableRules);

/**
 * Reads what iptables 1.8.9 printed; iptables-nft and iptables-legacy printed the
 * very same of each chain.
 *
 * @param name Scenario, such as `kube-proxy`.
 */
export function readCapture(name: string): readonly CapturedTable[] {
  const text = readTestdata(`iptables-${name}.txt`);
  const printed = new Map(
    text.split(/^\$ /m).slice(1).map((part): [string, string] => {
      const end = part.indexOf("\n");
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
  return CAPTURED_RULES.map(({ table, builtin, chain }) => {
    const list = (shown: string): string =>
      printed.get(`iptables -t ${table} -S ${shown}`) ?? "";
    const own = list(chain);
    return {
      builtin: list(builtin),
      own: own.startsWith("exit code 1") ? undefined : own,
    };
  });
}

/**
 * Reads a file of what a tool printed.
 *
 * @param file Its name.
 */
export function readTestdata(file: string): string {
  const url = new URL(`../testdata/interception/${file}`, import.meta.url);
  return Deno.readTextFileSync(url);
}
