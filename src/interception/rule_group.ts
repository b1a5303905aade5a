import type { FamilyRules } from "./family_rules.ts";
import type { FoundRedirect } from "./redirect_mark.ts";

/** What a look at the rules found, and the remedy. */
export interface Plan {
  /** What differs from what is wanted, for the log; empty if nothing does. */
  readonly drift: readonly string[];
  /** Whether all rules are there, and only below rules of other programs. */
  readonly isMereOrder: boolean;
  /** Exact document that makes it so, in the tool's own language. */
  readonly document: string;
  /** Why this node has none of these rules, if that is so. */
  readonly leftOut?: string;
  /** Where pods' requests are led now, as far as this group tells. */
  readonly redirect?: FoundRedirect | undefined;
}

/**
 * Makes the plan of rules that this node cannot have.
 *
 * @param reason Why not.
 */
export function leaveOut(reason: string): Plan {
  return { drift: [], isMereOrder: false, document: "", leftOut: reason };
}

/** Rules that are read and written together, and independently of other groups. */
export interface RuleGroup {
  /** What the group is about, such as `IPv4`. */
  readonly name: string;
  /**
   * Compares the rules of the kernel with the wanted ones.
   *
   * @throws {InterceptionError} If they cannot be read.
   */
  inspect(): Promise<Plan>;
  /**
   * Writes the document of a plan made just before.
   *
   * @param document From {@linkcode RuleGroup.inspect}.
   * @throws {InterceptionError} If it is not taken; then nothing, or only whole
   * tables of it, have changed.
   */
  write(document: string): Promise<void>;
}

/** Where a backend has its rules, of which a node can have several kinds. */
export interface Places {
  /** Such as `iptables-nft` and `ip6tables-nft`. */
  readonly places: readonly string[];
  /** Why there, in a few words. */
  readonly reason: string;
  /** Whether that will stay so; what is elsewhere is a leftover only then. */
  readonly isCertain: boolean;
}

/** A tool that sets the rules. */
export interface RuleBackend {
  /** Name of the tool, as the configuration has it. */
  readonly name: "iptables" | "nftables";
  /** Tells where the rules are on this node. */
  findPlaces(): Promise<Places>;
  /**
   * Makes the groups of rules for what is wanted; nothing is read or written yet.
   *
   * @param families What is wanted in each address family.
   */
  createGroups(families: readonly FamilyRules[]): readonly RuleGroup[];
}
