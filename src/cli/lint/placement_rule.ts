import type { Finding } from "./finding.ts";
import { findAnnotation, type Part } from "./part.ts";
import type { LintSettings } from "./settings.ts";

/**
 * Finds annotations where the daemon does not look for them.
 *
 * @param part Part of a manifest.
 * @param settings Which keys there are.
 */
export function checkPlacement(
  part: Part,
  { keys }: LintSettings,
): readonly Finding[] {
  const { serviceAccount, scopes, allowedServiceAccounts } = keys;
  return [
    ...part.role === "pod"
      ? []
      : misplaced(part, [serviceAccount, scopes], adviseForPods(part)),
    ...part.role === "namespace" ? [] : misplaced(
      part,
      [allowedServiceAccounts],
      "Move it to the Namespace object",
    ),
  ];
}

function misplaced(
  part: Part,
  keys: readonly string[],
  advice: string,
): readonly Finding[] {
  return keys.flatMap((key) => {
    const found = findAnnotation(part, key);
    return found === undefined ? [] : [{
      place: found.keyPlace,
      severity: "error" as const,
      rule: "misplaced-annotation" as const,
      object: part.object,
      message: `${key} has no effect on a ${part.noun}`,
      advice,
    }];
  });
}

function adviseForPods({ podPath, role }: Part): string {
  if (podPath !== undefined) return `Move it to ${podPath.join(".")}`;
  return role === "namespace"
    ? "Move it to the pods, or configure defaults.serviceAccount and defaults.scopes"
    : "Move it to the pod, or the template of its controller";
}
