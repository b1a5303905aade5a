import type { InterfaceMatch } from "./interface_match.ts";
import type { FoundRedirect } from "./redirect_mark.ts";

/**
 * What of the real metadata server is closed to pods: all TCP but DNS, only
 * port 80, or nothing.
 */
export type Guard = "all" | "http" | "off";

/** The interception that is wanted; may change at run time. */
export interface WantedInterception {
  /** What of the real metadata server is closed to pods, in both address families. */
  readonly guard: Guard;
  /**
   * Where pods' requests are led; `undefined` for the guard alone, while nothing
   * listens yet. A redirect that an earlier process has left stays then as it is.
   */
  readonly redirect: WantedRedirect | undefined;
}

/** Where pods' requests are led, and how the port there is protected. */
export interface WantedRedirect {
  /**
   * Address of this node, in canonical form. In the other address family there
   * is no redirect.
   */
  readonly hostIP: string;
  /** Interfaces where the requests come in; the guard holds for all. */
  readonly match: InterfaceMatch;
  /** Where pods' requests are taken. */
  readonly listener: Listening;
  /** Connections to the port that one address may have; 0 for any number. */
  readonly connectionsPerPod: number;
  /** Whether connections to the port that no redirect has led there are refused. */
  readonly refuseDirect: boolean;
}

/** Where this process takes pods' requests, and where another daemon of the node may. */
export interface Listening {
  /** Address that is listened on, in canonical form. */
  readonly address: string;
  /** Port of this process. */
  readonly port: number;
  /** Port of another daemon, before or after this one; 0 for none. */
  readonly otherPort: number;
}

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
  /** How the listener is protected, if it can be reached in this family. */
  readonly door: Door | undefined;
}

/** Where requests are led, to an address of the same family, and which. */
export interface Redirect extends FoundRedirect {
  /** Interfaces where the requests come in. */
  readonly match: InterfaceMatch;
}

/** Which connections to the listener are refused; the node's own never are. */
export interface Door {
  /** Address that is listened on, or `undefined` for every one. */
  readonly host: string | undefined;
  /** Ports of this daemon and of another one, ascending. */
  readonly ports: readonly number[];
  /** Connections that one address may have; 0 for any number. */
  readonly connectionsPerPod: number;
  /** Whether connections are refused that were not to the metadata server's address. */
  readonly refuseDirect: boolean;
}

/**
 * Tells what is wanted in each address family.
 *
 * @param wanted What is wanted in all.
 * @param addresses Metadata server's addresses, in canonical form.
 * @param generation Of the redirect; 0 for nobody's in particular.
 * @returns IPv4, then IPv6.
 */
export function listFamilyRules(
  wanted: WantedInterception,
  addresses: { readonly address: string; readonly ipv6Address: string },
  generation = 0,
): readonly FamilyRules[] {
  const { guard, redirect } = wanted;
  const families = [
    { family: "IPv4", address: addresses.address },
    { family: "IPv6", address: addresses.ipv6Address },
  ] as const;
  return families.map(({ family, address }) => ({
    family,
    address,
    guard,
    redirect: redirect === undefined || familyOf(redirect.hostIP) !== family
      ? undefined
      : {
        match: redirect.match,
        host: redirect.hostIP,
        port: redirect.listener.port,
        generation,
      },
    door: redirect === undefined ? undefined : doorOf(redirect, family),
  }));
}

function doorOf(
  { listener, connectionsPerPod, refuseDirect }: WantedRedirect,
  family: FamilyRules["family"],
): Door | undefined {
  const { address, port, otherPort } = listener;
  // Listening on `::` takes IPv4 too.
  if (address !== "::" && familyOf(address) !== family) return undefined;
  const host = address === "::" || address === "0.0.0.0" ? undefined : address;
  // The same for both daemons, so that neither undoes the other's.
  const ports = [port, otherPort].filter((each) => each !== 0)
    .sort((one, other) => one - other);
  return { host, ports, connectionsPerPod, refuseDirect };
}

function familyOf(address: string): FamilyRules["family"] {
  return address.includes(":") ? "IPv6" : "IPv4";
}
