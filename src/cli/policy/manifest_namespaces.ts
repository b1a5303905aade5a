import type { Config } from "../../config/config.ts";
import { decodeNamespace } from "../../kubernetes/decode.ts";
import { findAnnotation } from "../lint/part.ts";
import { readParts } from "../lint/read_parts.ts";
import type { SourceText } from "../read_sources.ts";
import type { TableNamespace } from "./decision_table.ts";
import { TableError } from "./table_error.ts";

/**
 * Takes the namespaces out of manifests; other objects are passed over.
 *
 * @param source What a file holds.
 * @param keys Keys of the annotations.
 * @throws {TableError} If the file does not parse, or an allow-list is no text.
 */
export function readManifestNamespaces(
  source: SourceText,
  keys: Config["annotations"],
): readonly TableNamespace[] {
  const { parts, findings } = readParts(source);
  const key = keys.allowedServiceAccounts;
  const namespaces = parts.filter(({ role }) => role === "namespace");
  const issues = [
    ...findings.map(({ place, message }) => ({ ...place, message })),
    ...namespaces.flatMap((part) => {
      const list = findAnnotation(part, key);
      return list === undefined || typeof list.value === "string" ? [] : [{
        ...list.valuePlace,
        message: `${key} is no text, which Kubernetes refuses`,
      }];
    }),
  ];
  if (issues.length > 0) throw new TableError(issues);
  return namespaces.flatMap((part) => {
    const decoded = decodeNamespace({ metadata: part.metadata }, keys);
    return decoded === undefined ? [] : [{ ...decoded, place: part.place }];
  });
}
