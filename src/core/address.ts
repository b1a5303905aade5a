import ipaddr from "ipaddr.js";
import { remember } from "./remember.ts";

/** IPv6 whose last 32 bits are written as IPv4. */
const DOTTED_TAIL = /^(.*:)([^:]*\.[^:]*)$/;

/**
 * Brings an IP address to its one canonical form, so that addresses can be
 * compared as strings.
 *
 * IPv4-mapped IPv6 (`::ffff:10.0.0.1`) becomes IPv4, other IPv6 the compressed
 * form of RFC 5952. Octal, hexadecimal and shortened IPv4, IPv4-compatible IPv6
 * (`::10.0.0.1`), zones (`%eth0`) and blanks are not addresses.
 *
 * @param text Address as the socket, the API server or an operator wrote it.
 * @returns The canonical form, or `undefined` if the text is no address.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(canonicalAddress("::ffff:10.0.0.1"), "10.0.0.1");
 * assert.equal(canonicalAddress("FD00:0:0::1"), "fd00::1");
 * assert.equal(canonicalAddress("010.0.0.1"), undefined);
 * ```
 */
export function canonicalAddress(text: string): string | undefined {
  return formOf(text);
}

const formOf = remember(canonicalForm, { most: 1_024, longest: 64 });

function canonicalForm(text: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text;
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  // ipaddr.js takes `::10.0.0.1` for `::ffff:10.0.0.1`, and `010` or `0x0a` for
  // a part of a dotted tail: another address than the one written.
  const [, head, tail] = DOTTED_TAIL.exec(text) ?? [];
  if (
    tail !== undefined &&
    (head === "::" || !ipaddr.IPv4.isValidFourPartDecimal(tail))
  ) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : address.toRFC5952String();
}

/**
 * Tells whether an address is of the loopback range (127.0.0.0/8 or ::1).
 *
 * @param address Address in canonical form.
 */
export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) &&
    ipaddr.parse(address).range() === "loopback";
}

/**
 * Tells whether a network contains an address.
 *
 * @param network Network as `address/length`, or one address.
 * @param address Address in canonical form.
 * @returns `false` also for what is no network, and for one of the other family.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert(isInNetwork("169.254.0.0/16", "169.254.169.254"));
 * assert(!isInNetwork("10.0.0.0/8", "169.254.169.254"));
 * ```
 */
export function isInNetwork(network: string, address: string): boolean {
  if (!network.includes("/")) return canonicalAddress(network) === address;
  if (!ipaddr.isValidCIDR(network) || !ipaddr.isValid(address)) return false;
  const [base, length] = ipaddr.parseCIDR(network);
  const parsed = ipaddr.parse(address);
  return parsed.kind() === base.kind() && parsed.match(base, length);
}
