import type { Answer } from "../loopback_server.ts";
import { createMetadataAnswer, createMetadataError } from "./answers.ts";
import type { MetadataTarget } from "./query.ts";
import {
  computeEtag,
  renderJson,
  renderListing,
  renderText,
  renderTextTree,
} from "./rendering.ts";
import { listEntries, type MetadataValue } from "./tree.ts";

/**
 * Answers for a stored value or directory whose path matches its kind.
 *
 * @param value Value that the path leads to.
 * @param target Target of the request.
 */
export function answerEntry(
  value: MetadataValue,
  target: MetadataTarget,
): Answer {
  const { alt, recursive } = target.query;
  const headers = { ETag: computeEntryEtag(value, target) };
  if (listEntries(value) === undefined) {
    const json = alt === "json" ||
      (alt === undefined && isJsonByDefault(target));
    return json
      ? answerJson(renderJson(value, target.segments), headers)
      : createMetadataAnswer(200, {
        type: "application/text",
        body: renderText(value),
        headers,
      });
  }
  if (!recursive) {
    if (alt !== undefined) {
      return createMetadataError(
        400,
        "The alt parameter of a directory needs recursive=true.",
      );
    }
    const body = renderListing(value);
    return createMetadataAnswer(200, {
      type: "application/text",
      body,
      headers,
    });
  }
  if (alt === "text") {
    const body = renderTextTree(value);
    return createMetadataAnswer(200, {
      type: "application/text",
      body,
      headers,
    });
  }
  return answerJson(renderJson(value, target.segments), headers);
}

/**
 * Computes the entity tag of the answer: the same for text and JSON, another for a whole subtree.
 *
 * @param value Value that the path leads to.
 * @param target Target of the request.
 */
export function computeEntryEtag(
  value: MetadataValue,
  target: MetadataTarget,
): string {
  if (listEntries(value) === undefined) {
    return computeEtag(renderJson(value, []));
  }
  return target.query.recursive
    ? computeEtag(`recursive ${renderTextTree(value)}`)
    : computeEtag(`listing ${renderListing(value)}`);
}

function answerJson(
  body: string,
  headers: Readonly<Record<string, string>>,
): Answer {
  return createMetadataAnswer(200, { type: "application/json", body, headers });
}

/** The network tags are the one leaf that comes as JSON unless text is asked for. */
function isJsonByDefault(target: MetadataTarget): boolean {
  return target.segments.slice(-2).join("/") === "instance/tags";
}
