import {
  copyJson,
  isJsonObject,
  type Json,
  type JsonObject,
  objectAt,
  valueAt,
} from "./json.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import { badRequest } from "./status.ts";

/**
 * Takes an object as the real server's decoder would.
 *
 * @param type Type that the request names.
 * @param sent Object as sent; kind and apiVersion may be missing.
 * @returns A copy that shares nothing with what was sent.
 * @throws {KubernetesStatusError} If it cannot be decoded as that type (400).
 */
export function decodeObject(type: ResourceType, sent: JsonObject): JsonObject {
  const object = copyJson(sent);
  const fault = findDecodeFault(type, object);
  if (fault !== undefined) throw badRequest(fault);
  return object;
}

/**
 * Finds what would keep the real server from decoding an object: a wrong kind, or a
 * field of metadata with a wrong type.
 *
 * @param type Type that the request names.
 * @param object Object as sent; kind and apiVersion may be missing.
 * @returns What is wrong, or `undefined`.
 */
export function findDecodeFault(
  type: ResourceType,
  object: JsonObject,
): string | undefined {
  const own = apiVersionOf(type);
  const { kind = type.kind, apiVersion = own } = object;
  if (kind !== type.kind || apiVersion !== own) {
    return `${kind} in version "${apiVersion}" cannot be handled as a ${type.kind}: ` +
      `converting (${apiVersion}.${kind}) to (${own}.${type.kind}): unknown conversion`;
  }
  for (
    const path of [
      "metadata",
      "spec",
      "status",
      "metadata.labels",
      "metadata.annotations",
    ]
  ) {
    const value = valueAt(object, path);
    if (isSet(value) && !isJsonObject(value)) {
      return wrongType(type, { path, wanted: "struct" });
    }
  }
  for (
    const path of [
      "metadata.name",
      "metadata.namespace",
      "metadata.uid",
      "spec.nodeName",
    ]
  ) {
    const value = valueAt(object, path);
    if (isSet(value) && typeof value !== "string") {
      return wrongType(type, { path, wanted: "string" });
    }
  }
  for (const path of ["metadata.labels", "metadata.annotations"]) {
    const wrong = Object.entries(objectAt(object, path)).find(([, value]) =>
      typeof value !== "string"
    );
    if (wrong !== undefined) return wrongType(type, { path, wanted: "string" });
  }
  return undefined;
}

/** The real decoder leaves a field unset when it meets `null`. */
function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

function wrongType(
  type: ResourceType,
  field: { readonly path: string; readonly wanted: string },
): string {
  return `${type.kind} in version "${
    apiVersionOf(type)
  }" cannot be handled as a ${type.kind}: json: cannot ` +
    `unmarshal value into Go struct field ${type.kind}.${field.path} of type ${field.wanted}`;
}
