/** Any value that JSON can carry. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | JsonObject;

/** A JSON object; a property that is `undefined` is not written. */
export interface JsonObject {
  /** Properties by name. */
  readonly [key: string]: Json | undefined;
}

/** The part of an object's metadata that never changes. */
export interface KubernetesIdentity extends JsonObject {
  /** Name, unique within its namespace. */
  readonly name: string;
  /** Namespace; absent for objects of the whole cluster. */
  readonly namespace?: string;
  /** Identity of this one life of the name. */
  readonly uid: string;
  /** Time of creation, RFC 3339 in whole seconds. */
  readonly creationTimestamp: string;
}

/** Metadata of a stored object, with everything that the server sets. */
export interface KubernetesMetadata extends KubernetesIdentity {
  /** Version of the last change, from one counter shared by all objects. */
  readonly resourceVersion: string;
}

/** An object as the emulated API server holds it. */
export interface KubernetesObject extends JsonObject {
  /** Group and version, always `v1` here. */
  readonly apiVersion: string;
  /** Kind, such as `Pod`. */
  readonly kind: string;
  /** Metadata. */
  readonly metadata: KubernetesMetadata;
}

/**
 * Tells whether a JSON value is an object, and neither an array nor `null`.
 *
 * @param value Value to test.
 */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses JSON text.
 *
 * @param text Text to parse.
 * @throws {SyntaxError} If the text is not JSON.
 */
export function parseJson(text: string): Json {
  return JSON.parse(text);
}

/**
 * Copies an object as it would look after a trip over the wire.
 *
 * @param object Object to copy.
 */
export function copyJson(object: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(object));
}

/**
 * Reads a nested value.
 *
 * @param object Object to read from.
 * @param path Property names joined by dots, such as `spec.nodeName`.
 * @returns The value, or `undefined` if any step is missing or no object.
 */
export function valueAt(object: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = object;
  for (const step of path.split(".")) {
    if (!isJsonObject(value)) return undefined;
    value = value[step];
  }
  return value;
}

/**
 * Reads a nested string.
 *
 * @param object Object to read from.
 * @param path Property names joined by dots.
 * @returns The string; empty if it is missing or of another type, which is how
 * the API server treats an unset string.
 */
export function textAt(object: JsonObject, path: string): string {
  const value = valueAt(object, path);
  return typeof value === "string" ? value : "";
}

/**
 * Reads a nested object.
 *
 * @param object Object to read from.
 * @param path Property names joined by dots.
 * @returns The object; an empty one if it is missing or of another type.
 */
export function objectAt(object: JsonObject, path: string): JsonObject {
  const value = valueAt(object, path);
  return isJsonObject(value) ? value : {};
}
