import { createHash } from "node:crypto";
import {
  ExactNumber,
  type JsonTree,
  treeToText,
} from "../core/metadata_tree.ts";
import { isOn, type Query } from "../core/query.ts";
import { type Answer, badParameter } from "./answer.ts";

/** Value of a leaf. */
export type Leaf = string | ExactNumber | readonly string[];

/**
 * Answers with a leaf, as text or with `alt=json` as JSON; both have the same entity tag.
 *
 * @param value A list comes with a newline behind each element, anything else without.
 * @param query Parsed query.
 */
export function leafAnswer(value: Leaf, query: Query): Answer {
  const json = JSON.stringify(value);
  return query.get("alt") === "json"
    ? tagged("application/json", json, json)
    : tagged("application/text", textOf(value), json);
}

/**
 * Answers with the names in a directory.
 *
 * @param names Names, with a slash behind those of directories.
 * @param query Parsed query; what needs `recursive=true` is refused.
 */
export function listingAnswer(
  names: readonly string[],
  query: Query,
): Answer {
  for (const key of ["alt", "wait_for_change"]) {
    if (key === "alt" ? query.has(key) : isOn(query, key)) {
      return badParameter(`${key} needs recursive=true on a directory`);
    }
  }
  const body = textOf(names);
  return tagged("application/text", body, `listing ${body}`);
}

/**
 * Answers with a whole directory, as JSON or with `alt=text` as lines.
 *
 * @param tree Tree to answer with.
 * @param options `path` of the tree relative to `/computeMetadata/v1/`, and the parsed query.
 */
export function treeAnswer(
  tree: JsonTree,
  options: { readonly path: string; readonly query: Query },
): Answer {
  const json = JSON.stringify(tree);
  return options.query.get("alt") === "text"
    ? tagged(
      "application/text",
      treeToText(tree, options.path),
      `recursive ${json}`,
    )
    : tagged("application/json", json, `recursive ${json}`);
}

function textOf(value: Leaf): string {
  if (typeof value === "string") return value;
  if (value instanceof ExactNumber) return value.source;
  return value.map((element) => `${element}\n`).join("");
}

function tagged(
  contentType: Answer["contentType"],
  body: string,
  identity: string,
): Answer {
  const digest = createHash("sha256").update(identity).digest("hex");
  return {
    status: 200,
    contentType,
    body,
    headers: { "ETag": digest.slice(0, 16) },
  };
}
