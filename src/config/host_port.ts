import { canonicalAddress } from "../core/address.ts";

/** Where to connect to. */
export interface HostPort {
  /** IP address in canonical form, or host name in lower case. */
  readonly host: string;
  /** TCP port, if one was written. */
  readonly port: number | undefined;
}

const LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const MAX_HOST_NAME_LENGTH = 253;

/**
 * Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port`.
 *
 * @param text Address as written; IPv6 stands in brackets.
 * @returns The parts, or `undefined` if the text is neither.
 */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const host = bracketed === undefined
    ? canonicalHost(plain ?? "")
    : bracketed.includes(":")
    ? canonicalAddress(bracketed)
    : undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (host === undefined || port === 0 || (port ?? 1) > 65_535) {
    return undefined;
  }
  return { host, port };
}

/**
 * Brings a host name or IPv4 address to lower case.
 *
 * @param text Host as written, without port.
 * @returns The host, or `undefined` if it is neither. A text whose last label
 * is a number is an address or nothing: resolvers would read `10.1` as 10.0.0.1.
 */
export function canonicalHost(text: string): string | undefined {
  const host = text.toLowerCase();
  if (host.length > MAX_HOST_NAME_LENGTH || !HOST_NAME.test(host)) {
    return undefined;
  }
  const last = host.split(".").at(-1) ?? "";
  if (!/^(?:[0-9]+|0x[0-9a-f]*)$/.test(last)) return host;
  return canonicalAddress(host);
}
