import { isJsonObject, type Json, type JsonObject } from "./json.ts";

/**
 * Applies a JSON merge patch: objects merge, `null` removes, all else replaces.
 *
 * @param target Object to patch; left as it is.
 * @param patch Patch to apply.
 * @returns The patched copy.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7386}
 */
export function applyMergePatch(
  target: JsonObject,
  patch: JsonObject,
): JsonObject {
  const merged = new Map(Object.entries(target));
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) merged.delete(key);
    else merged.set(key, mergeValue(merged.get(key), change));
  }
  return Object.fromEntries(merged);
}

function mergeValue(
  current: Json | undefined,
  change: Json | undefined,
): Json | undefined {
  if (!isJsonObject(change)) return change;
  return applyMergePatch(isJsonObject(current) ? current : {}, change);
}
