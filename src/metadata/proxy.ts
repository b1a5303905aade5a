import type { Exposure } from "../core/exposure.ts";
import {
  filterTree,
  isTree,
  type Json,
  type JsonTree,
  parseExactJson,
  treeToText,
} from "../core/metadata_tree.ts";
import { isOn, type Query } from "../core/query.ts";
import { V1 } from "../core/route.ts";
import {
  type AskUpstream,
  type UpstreamAnswer,
  UpstreamError,
} from "../core/upstream.ts";
import {
  type Answer,
  badParameter,
  jsonAnswer,
  notFound,
  plainRefusal,
  redirectAnswer,
  textAnswer,
} from "./answer.ts";

/** What the proxy needs for one request. */
export interface ProxyOptions {
  /** Asks the real metadata server, or the next hop. */
  readonly askUpstream: AskUpstream;
  /** What pods may see. */
  readonly exposure: Exposure;
  /** Parsed query. */
  readonly query: Query;
  /** Ends the wait for a change. */
  readonly signal?: AbortSignal;
}

/** Query parameters that the real server gets to see. */
const FORWARDED = ["alt", "wait_for_change", "timeout_sec", "last_etag"];

/** A change is waited for no longer than this, whatever the client asks. */
const MAX_WAIT_SECONDS = 60;

/**
 * Answers with what the real metadata server has.
 *
 * The request to it is built from the path that was matched and the known
 * parameters, so nothing else of the client's request can reach it. `recursive`
 * is asked only of directories, whose answers are filtered: a name without slash
 * could be a directory too.
 *
 * @param target Path relative to `/computeMetadata/v1/`, and whether it ended in a slash.
 * @param options Collaborators and query.
 * @throws {UpstreamError} If there is no complete answer.
 */
export async function proxy(
  target: { readonly path: string; readonly directory: boolean },
  options: ProxyOptions,
): Promise<Answer> {
  const { path, directory } = target;
  const { query, exposure, askUpstream } = options;
  if (directory && isOn(query, "recursive")) {
    const fetched = await fetchTree(path, options);
    return "refusal" in fetched
      ? fetched.refusal
      : answerTree(fetched.tree, { path, query });
  }
  if (directory && query.has("alt")) {
    return badParameter("alt needs recursive=true on a directory");
  }
  const answer = await askUpstream({
    path: V1 + path + (directory ? "/" : ""),
    query: forwardedQuery(query),
    ...waitTimeout(query),
  }, options.signal);
  // The real server's Location names the real server, so it is made anew.
  if (answer.status === 301) return redirectAnswer(`${V1}${path}/`, query);
  if (answer.status !== 200) return passRefusal(answer);
  if (directory) return textAnswer(filterListing(answer.body, path, exposure));
  return {
    status: 200,
    contentType: answer.contentType,
    body: answer.body,
    ...(answer.etag === undefined ? {} : { headers: { "ETag": answer.etag } }),
  };
}

/**
 * Fetches a whole directory of the real server, without what pods may not see.
 *
 * @param path Path relative to `/computeMetadata/v1/`, without slash at the end.
 * @param options Collaborators and query.
 * @returns The filtered tree, or the answer to give if there is none.
 * @throws {UpstreamError} If there is no complete answer, or it is no JSON.
 */
export async function fetchTree(
  path: string,
  options: ProxyOptions,
): Promise<{ readonly tree: JsonTree } | { readonly refusal: Answer }> {
  const { exposure, query, askUpstream } = options;
  const answer = await askUpstream({
    path: path === "" ? V1 : `${V1}${path}/`,
    query: new Map([...forwardedQuery(query), ["recursive", "true"], [
      "alt",
      "json",
    ]]),
    ...waitTimeout(query),
  }, options.signal);
  if (answer.status !== 200) return { refusal: passRefusal(answer) };
  const tree = filterTree(parseTree(answer.body), path, exposure);
  return { tree: isTree(tree) ? tree : {} };
}

/**
 * Answers with a tree in the form that was asked for.
 *
 * @param tree Tree to answer with.
 * @param options `path` of the tree relative to `/computeMetadata/v1/`, and the parsed query.
 */
export function answerTree(
  tree: JsonTree,
  options: { readonly path: string; readonly query: Query },
): Answer {
  return options.query.get("alt") === "text"
    ? textAnswer(treeToText(tree, options.path))
    : jsonAnswer(tree);
}

function parseTree(body: string): Json {
  try {
    return parseExactJson(body);
  } catch {
    // The parser's message quotes the text, and that may hold secrets.
    throw new UpstreamError(
      "The metadata server's recursive answer is no JSON",
    );
  }
}

function forwardedQuery(query: Query): ReadonlyMap<string, string> {
  const forwarded = new Map<string, string>();
  for (const key of FORWARDED) {
    const value = query.get(key);
    if (value !== undefined) forwarded.set(key, value);
  }
  if (isOn(query, "wait_for_change")) {
    forwarded.set("timeout_sec", String(waitSeconds(query)));
  }
  return forwarded;
}

function waitSeconds(query: Query): number {
  const wanted = Number(query.get("timeout_sec") ?? MAX_WAIT_SECONDS);
  return Number.isInteger(wanted) && wanted >= 0
    ? Math.min(wanted, MAX_WAIT_SECONDS)
    : 0;
}

function waitTimeout(query: Query): { readonly timeoutMs?: number } {
  return isOn(query, "wait_for_change")
    ? { timeoutMs: (waitSeconds(query) + 5) * 1000 }
    : {};
}

/** Keeps the status of a refusal; its body could tell of the node. */
function passRefusal(answer: UpstreamAnswer): Answer {
  if (answer.status === 404) return notFound();
  if (answer.status >= 400 && answer.status < 500) {
    return plainRefusal(
      answer.status,
      "The metadata server refuses the request",
      {
        reason: "upstream-refused",
      },
    );
  }
  return plainRefusal(503, "The metadata server failed; try again", {
    reason: "upstream-failed",
  });
}

function filterListing(
  listing: string,
  path: string,
  exposure: Exposure,
): string {
  return listing.split("\n")
    .filter((name) => {
      const below = `${path}/${name.replace(/\/$/, "")}`;
      return name !== "" &&
        (below === "instance/service-accounts" || exposure.shows(below));
    })
    .map((name) => `${name}\n`)
    .join("");
}
