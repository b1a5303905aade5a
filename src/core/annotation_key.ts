import type { AdviceContext } from "./advice.ts";
import { suggest } from "./suggest.ts";

/** Of the default keys. Nobody else's annotations are in it, unlike in a domain of one's own. */
export const OWN_DOMAIN = "accounts.google.com";

/** A key of a pod's annotations that is probably the one of the account, misspelt. */
export interface MisspeltKey {
  /** Key as it is on the pod. */
  readonly found: string;
  /** Key that was probably meant. */
  readonly meant: string;
}

/** Enough for any pod that is meant well: whoever writes annotations must not cost time. */
const MAX_KEYS = 100;

/** As the API server takes them; nothing else is shown to anybody. */
const KEY = /^([A-Za-z0-9.-]{1,253}\/)?[A-Za-z0-9_.-]{1,63}$/;

/**
 * Finds among the annotations of a pod that has no account the key that was probably
 * meant for it; the first hundred are looked at.
 *
 * @param found Keys of the pod's annotations.
 * @param keys Keys that the daemon reads.
 */
export function findMisspeltKey(
  found: readonly string[],
  { serviceAccount, scopes, allowedServiceAccounts }: AdviceContext["keys"],
): MisspeltKey | undefined {
  const known = [serviceAccount, scopes, allowedServiceAccounts];
  const key = found.slice(0, MAX_KEYS).find((each) =>
    !known.includes(each) && KEY.test(each) &&
    suggestKey(each, known) === serviceAccount
  );
  return key === undefined ? undefined : { found: key, meant: serviceAccount };
}

/**
 * Finds the key that was probably meant.
 *
 * A key is near if its name and its domain are, each by itself: `iam.gke.io/gcp-service-account`
 * is no misspelling.
 *
 * @param key Key as it was written.
 * @param keys Keys that the daemon reads; the first of the nearest wins.
 */
export function suggestKey(
  key: string,
  keys: readonly string[],
): string | undefined {
  const name = nameOf(key);
  // By name first: few are near, so that few domains have to be compared.
  const near = keys.filter((each) =>
    suggest(name, [nameOf(each)]) !== undefined &&
    isDomainNear(domainOf(key), domainOf(each))
  );
  const nearest = suggest(name, near.map(nameOf));
  return near.find((each) => nameOf(each) === nearest);
}

/**
 * Gives the domain of a key.
 *
 * @param key Key of an annotation.
 * @returns What is before the slash; empty if there is none.
 */
export function domainOf(key: string): string {
  const slash = key.indexOf("/");
  return slash < 0 ? "" : key.slice(0, slash);
}

function isDomainNear(domain: string, other: string): boolean {
  return domain === other || domain === OWN_DOMAIN ||
    suggest(domain, [other]) !== undefined;
}

function nameOf(key: string): string {
  return key.slice(key.indexOf("/") + 1);
}
