import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject, objectAt } from "./json.ts";
import { findEventChanges } from "./event_validation.ts";
import type { ResourceType } from "./resources.ts";
import type { StatusCause } from "./status.ts";

/** Fields of a running pod's spec that a client may change. */
const MUTABLE_SPEC = new Set([
  "activeDeadlineSeconds",
  "terminationGracePeriodSeconds",
  "tolerations",
]);

/**
 * Finds what a client may not change in an existing object.
 *
 * @param type Type of the object.
 * @param change The object before and after.
 */
export function findForbiddenChanges(
  type: ResourceType,
  change: { readonly from: JsonObject; readonly to: JsonObject },
): StatusCause[] {
  if (type.resource === "events") return findEventChanges(change);
  if (type.resource !== "pods") return [];
  if (isDeepStrictEqual(fixedSpec(change.from), fixedSpec(change.to))) {
    return [];
  }
  return [{
    reason: "FieldValueForbidden",
    message: "Forbidden: pod updates may not change fields other than " +
      "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`," +
      "`spec.tolerations` (only additions to existing tolerations)," +
      "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    field: "spec",
  }];
}

function fixedSpec(object: JsonObject): JsonObject {
  const fixed: Record<string, Json | undefined> = {};
  for (const [key, value] of Object.entries(objectAt(object, "spec"))) {
    if (MUTABLE_SPEC.has(key)) continue;
    const isContainers = key === "containers" || key === "initContainers";
    fixed[key] = isContainers && Array.isArray(value)
      ? value.map(withoutImage)
      : value;
  }
  return fixed;
}

function withoutImage(container: Json): Json {
  if (!isJsonObject(container)) return container;
  return Object.fromEntries(
    Object.entries(container).filter(([key]) => key !== "image"),
  );
}
