import { adviseOn } from "../../core/advice.ts";
import type { Finding } from "./finding.ts";
import { findAnnotation, type Part } from "./part.ts";
import { podOf } from "./pod_of.ts";
import type { LintSettings } from "./settings.ts";

/**
 * Finds pods of the node's network that are to have an account.
 *
 * @param part Part of a manifest.
 * @param settings Which keys there are.
 */
export function checkHostNetwork(
  part: Part,
  settings: LintSettings,
): readonly Finding[] {
  const { keys } = settings;
  const found = findAnnotation(part, keys.serviceAccount);
  if (found === undefined || podOf(part, settings)?.hostNetwork !== true) {
    return [];
  }
  return [{
    place: found.keyPlace,
    severity: "error",
    rule: "host-network",
    object: part.object,
    message:
      `${keys.serviceAccount} has no effect with hostNetwork: true: such pods cannot be told apart`,
    advice: adviseOn("host-network", { keys, namespace: part.namespace ?? "" }),
  }];
}
