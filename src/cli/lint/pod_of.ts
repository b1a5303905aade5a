import type { Pod } from "../../core/pod.ts";
import { decodePod } from "../../kubernetes/decode.ts";
import type { Part } from "./part.ts";
import type { LintSettings } from "./settings.ts";

/**
 * Makes of a pod or a template the pod that the daemon would hear of.
 *
 * @param part Part of a manifest.
 * @param settings Which keys there are.
 * @returns The pod, or `undefined` if the part is none; its namespace is empty if not known.
 */
export function podOf(
  { role, name, namespace = "", metadata, spec }: Part,
  { keys }: LintSettings,
): Pod | undefined {
  if (role !== "pod") return undefined;
  const known = typeof metadata === "object" ? metadata : {};
  const identity = { uid: "", name, namespace };
  return decodePod({ metadata: { ...known, ...identity }, spec }, keys);
}
