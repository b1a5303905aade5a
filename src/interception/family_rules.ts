import type { InterfaceMatch } from "./interface_match.ts";

/**
 * What of the real metadata server is closed to pods: all TCP but DNS, only
 * port 80, or nothing.
 */
export type Guard = "all" | "http" | "off";

/** The interception that is wanted in one address family. */
export interface FamilyRules {
  /** The family. */
  readonly family: "IPv4" | "IPv6";
  /** Metadata server's address in it, in canonical form. */
  readonly address: string;
  /** What the guard closes, wherever it comes in. */
  readonly guard: Guard;
  /**
   * Where requests to port 80 of the address are led instead. Without it, a
   * redirect that stands is left alone: removed, it could only open something.
   */
  readonly redirect: Redirect | undefined;
}

/** Where requests are led, and which. */
export interface Redirect {
  /** Interfaces where the requests come in. */
  readonly match: InterfaceMatch;
  /** Address of this node, of the same family, in canonical form. */
  readonly host: string;
  /** Port there. */
  readonly port: number;
}
