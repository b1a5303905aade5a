import { canonicalAddress } from "../core/address.ts";
import { InterceptionError } from "./interception_error.ts";
import type { NodeInterface } from "./node_interfaces.ts";

/**
 * Interfaces whose incoming traffic is redirected: all but one, or only those
 * named. A `+` at the end of a name stands for any rest.
 */
export type InterfaceMatch =
  | { readonly kind: "not"; readonly name: string }
  | { readonly kind: "only"; readonly names: readonly string[] };

/** Either a name, or one that ends in the wildcard; the kernel takes 15 characters. */
const NAME = /^(?=.{1,15}$)(?:\w[\w.@-]*)?\+?$/;

/**
 * Tells from the configured interfaces which ones the redirect is for.
 *
 * A name that would match nothing is refused here, because netfilter takes it
 * silently and the pods would go on to the real metadata server. For the same
 * reason the one name of the interface that carries the node's own address, as
 * the original project's documentation has it, is taken as everything but it.
 *
 * @param configured Names, wildcards such as `cali+`, or one exclusion such as
 * `!eth0`; empty for all but the interface with the host IP.
 * @param own Every interface of this node.
 * @param hostIP Address of this node that the redirect leads to, in canonical form.
 * @returns The match, and sentences for the log about what was taken differently.
 * @throws {InterceptionError} If the host IP is none of this node's, or an entry
 * is ill-formed, would match nothing or contradicts the others.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const own = [
 *   { name: "eth0", addresses: ["10.128.0.2"], bridge: undefined },
 * ];
 * assert.deepEqual(matchInterfaces([], own, "10.128.0.2").match, {
 *   kind: "not",
 *   name: "eth0",
 * });
 * ```
 */
export function matchInterfaces(
  configured: readonly string[],
  own: readonly NodeInterface[],
  hostIP: string,
): { readonly match: InterfaceMatch; readonly warnings: readonly string[] } {
  const uplink = own.find(({ addresses }) =>
    addresses.some((address) => canonicalAddress(address) === hostIP)
  );
  if (uplink === undefined) {
    throw new InterceptionError(
      `The host IP ${hostIP} is not an address of this node`,
    );
  }
  const entries = [...new Set(configured)];
  const [first, ...others] = entries;
  if (first === undefined) return exclude(uplink.name);
  const isAlone = others.length === 0;
  if (isAlone && first.startsWith("!")) {
    return exclude(first.slice(1), warnIfUnknown(first.slice(1), own));
  }
  if (isAlone && first === uplink.name) {
    return exclude(first, [
      `Interface ${first} carries the node's own address, where pods' requests never come in; taken as !${first}`,
    ]);
  }
  for (const entry of entries) refuseUseless(entry, { own, uplink });
  return { match: { kind: "only", names: entries }, warnings: [] };
}

function exclude(
  name: string,
  warnings: readonly string[] = [],
): ReturnType<typeof matchInterfaces> {
  refuseIllFormed(name);
  if (name === "+") {
    throw new InterceptionError("Interface !+ would match nothing");
  }
  return { match: { kind: "not", name }, warnings };
}

function warnIfUnknown(
  name: string,
  own: readonly NodeInterface[],
): readonly string[] {
  return isPresent(name, own)
    ? []
    : [`Interface ${name} is not on this node, so that !${name} excludes none`];
}

function refuseUseless(
  entry: string,
  node: {
    readonly own: readonly NodeInterface[];
    readonly uplink: NodeInterface;
  },
): void {
  if (entry.startsWith("!")) {
    throw new InterceptionError(
      `Interface ${entry} excludes one and so must stand alone`,
    );
  }
  refuseIllFormed(entry);
  if (entry === node.uplink.name) {
    throw new InterceptionError(
      `Interface ${entry} carries the node's own address, where pods' requests never come in; leave it out, or name !${entry} alone`,
    );
  }
  if (!isPresent(entry, node.own)) {
    throw new InterceptionError(
      `Interface ${entry} is not on this node and would match nothing; name one that is, a wildcard such as cali+, or all but one, such as !${node.uplink.name}`,
    );
  }
  refusePorts(entry, node.own);
}

/** What comes in by a port of a bridge has the bridge as its interface for netfilter. */
function refusePorts(entry: string, own: readonly NodeInterface[]): void {
  const meant = own.filter(({ name }) =>
    entry.endsWith("+") ? name.startsWith(entry.slice(0, -1)) : name === entry
  );
  const bridges = new Set(meant.flatMap(({ bridge }) => bridge ?? []));
  if (meant.length === 0 || meant.some(({ bridge }) => bridge === undefined)) {
    return;
  }
  const names = [...bridges].join(",");
  throw new InterceptionError(
    `Interface ${entry} is a port of the bridge ${names} and would match nothing; name ${names}`,
  );
}

function refuseIllFormed(name: string): void {
  if (NAME.test(name)) return;
  throw new InterceptionError(
    `Interface ${
      JSON.stringify(name)
    } is no name: expected at most 15 letters, digits, ".", "_", "@" or "-", with "+" only at the end`,
  );
}

/** Wildcards count as present: their interfaces come and go with the pods. */
function isPresent(name: string, own: readonly NodeInterface[]): boolean {
  return name.endsWith("+") || own.some((each) => each.name === name);
}
