import { domainOf, OWN_DOMAIN, suggestKey } from "../../core/annotation_key.ts";
import type { Finding } from "./finding.ts";
import { type Annotation, findAnnotation, type Part } from "./part.ts";
import type { LintSettings } from "./settings.ts";

/**
 * Finds keys that are probably one of ours, misspelt.
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
