import { suggest } from "../../config/suggest.ts";
import type { Finding } from "./finding.ts";
import { type Annotation, findAnnotation, type Part } from "./part.ts";
import type { LintSettings } from "./settings.ts";

/** Of the default keys. Nobody else's annotations are in it, unlike in a domain of one's own. */
const OWN_DOMAIN = "accounts.google.com";

/**
 * Finds keys that are probably one of ours, misspelt.
 *
 * A key is near if its name and its domain are, each by itself: `iam.gke.io/gcp-service-account`
 * is no misspelling.
 *
 * @param part Part of a manifest.
 * @param settings Which keys there are.
 */
export function checkKeys(
  part: Part,
  settings: LintSettings,
): readonly Finding[] {
  const { serviceAccount, scopes, allowedServiceAccounts } = settings.keys;
  const ofPods = [serviceAccount, scopes];
  const keys = part.role === "namespace"
    ? [allowedServiceAccounts, ...ofPods]
    : [...ofPods, allowedServiceAccounts];
  return part.annotations
    .filter(({ key }) => !keys.includes(key))
    .flatMap((annotation) => checkKey(part, { annotation, keys }));
}

function checkKey(
  part: Part,
  { annotation, keys }: {
    readonly annotation: Annotation;
    readonly keys: readonly string[];
  },
): readonly Finding[] {
  const { key, keyPlace: place } = annotation;
  const meant = suggestKey(key, keys);
  if (meant !== undefined) {
    const isThere = findAnnotation(part, meant) !== undefined;
    return [{
      place,
      severity: isThere ? "warning" : "error",
      rule: "misspelt-key",
      object: part.object,
      message: `${key} is no annotation that the daemon reads`,
      advice: `Did you mean ${meant}?`,
    }];
  }
  if (domainOf(key) !== OWN_DOMAIN) return [];
  return [{
    place,
    severity: "warning",
    rule: "unknown-key",
    object: part.object,
    message: `${key} is no annotation that the daemon reads`,
    advice: `It reads ${keys.join(", ")}`,
  }];
}

function suggestKey(
  key: string,
  keys: readonly string[],
): string | undefined {
  const near = keys.filter((each) =>
    isDomainNear(domainOf(key), domainOf(each))
  );
  const name = suggest(nameOf(key), near.map(nameOf));
  return near.find((each) => nameOf(each) === name);
}

function isDomainNear(domain: string, other: string): boolean {
  return domain === other || domain === OWN_DOMAIN ||
    suggest(domain, [other]) !== undefined;
}

function domainOf(key: string): string {
  const slash = key.indexOf("/");
  return slash < 0 ? "" : key.slice(0, slash);
}

function nameOf(key: string): string {
  return key.slice(key.indexOf("/") + 1);
}
