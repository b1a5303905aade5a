import {
  isJsonObject,
  type Json,
  type JsonObject,
  objectAt,
  textAt,
  valueAt,
} from "./json.ts";
import { findEventFaults } from "./event_validation.ts";
import { type ResourceType, templatePathOf } from "./resources.ts";
import type { StatusCause } from "./status.ts";

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const KEY_RULE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must " +
  "start and end with an alphanumeric character";
const LABEL_RULE =
  "a valid label must be an empty string or consist of alphanumeric " +
  "characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const MAX_ANNOTATION_BYTES = 256 * 1024;

/**
 * Finds every field of an object that breaks a rule.
 *
 * @param type Type of the object.
 * @param object Object that could be decoded.
 */
export function findFaults(
  type: ResourceType,
  object: JsonObject,
): StatusCause[] {
  const causes = [
    ...findNameFaults(type, object),
    ...findLabelFaults(object),
    ...findAnnotationFaults(object),
  ];
  if (type.resource === "events") {
    return [...causes, ...findEventFaults(object)];
  }
  const template = templatePathOf(type);
  if (template !== undefined) {
    return [...causes, ...findContainerFaults(`${template}.spec`, object)];
  }
  return type.resource === "pods"
    ? [...causes, ...findContainerFaults("spec", object)]
    : causes;
}

function findContainerFaults(spec: string, object: JsonObject): StatusCause[] {
  const path = `${spec}.containers`;
  const containers = valueAt(object, path);
  if (!Array.isArray(containers) || containers.length === 0) {
    return [required(path)];
  }
  return containers.flatMap((container, index) =>
    ["name", "image"].flatMap((field) =>
      isJsonObject(container) && textAt(container, field) !== ""
        ? []
        : [required(`${path}[${index}].${field}`)]
    )
  );
}

function findNameFaults(type: ResourceType, object: JsonObject): StatusCause[] {
  const name = textAt(object, "metadata.name");
  const field = "metadata.name";
  if (name === "") return [required(field, "name or generateName is required")];
  const [isValid, what] = type.resource !== "namespaces"
    ? [
      SUBDOMAIN.test(name) && name.length <= 253,
      "a lowercase RFC 1123 subdomain",
    ]
    : [LABEL.test(name) && name.length <= 63, "a lowercase RFC 1123 label"];
  if (isValid) return [];
  const rule =
    `${what} must consist of lower case alphanumeric characters or '-', and must ` +
    "start and end with an alphanumeric character";
  return [invalidValue(field, { value: name, rule })];
}

function findLabelFaults(object: JsonObject): StatusCause[] {
  const field = "metadata.labels";
  const labels = Object.entries(objectAt(object, field));
  const keys = labels.map(([key]) => key).filter((key) =>
    !isQualifiedName(key)
  );
  const values = labels.map(([, value]) => value).filter((value) =>
    !isLabelValue(value)
  );
  return [
    ...keys.map((key) => invalidValue(field, { value: key, rule: KEY_RULE })),
    ...values.map((value) => invalidValue(field, { value, rule: LABEL_RULE })),
  ];
}

function findAnnotationFaults(object: JsonObject): StatusCause[] {
  const field = "metadata.annotations";
  const annotations = objectAt(object, field);
  const causes = Object.keys(annotations)
    .filter((key) => !isQualifiedName(key.toLowerCase()))
    .map((key) => invalidValue(field, { value: key, rule: KEY_RULE }));
  const text = Object.entries(annotations).flat().join("");
  if (new TextEncoder().encode(text).length <= MAX_ANNOTATION_BYTES) {
    return causes;
  }
  const message =
    `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`;
  return [...causes, { reason: "FieldValueTooLong", message, field }];
}

function isLabelValue(value: Json | undefined): boolean {
  if (value === "") return true;
  return typeof value === "string" && value.length <= 63 &&
    QUALIFIED.test(value);
}

function isQualifiedName(key: string): boolean {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (parts.length > 2 || name.length > 63 || !QUALIFIED.test(name)) {
    return false;
  }
  return prefix === undefined ||
    (prefix.length <= 253 && SUBDOMAIN.test(prefix));
}

function required(field: string, why = ""): StatusCause {
  const message = why === "" ? "Required value" : `Required value: ${why}`;
  return { reason: "FieldValueRequired", message, field };
}

function invalidValue(
  field: string,
  what: { readonly value: Json | undefined; readonly rule: string },
): StatusCause {
  const message = `Invalid value: ${JSON.stringify(what.value)}: ${what.rule}`;
  return { reason: "FieldValueInvalid", message, field };
}
