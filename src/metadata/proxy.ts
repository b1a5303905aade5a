import type { Exposure } from "../core/exposure.ts";
import {
  filterTree,
  isTree,
  type Json,
  type JsonTree,
  parseExactJson,
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
  notFound,
  plainRefusal,
  redirectAnswer,
} from "./answer.ts";
import { listingAnswer, treeAnswer } from "./value_answers.ts";
import { waitSeconds } from "./wait_for_change.ts";

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

/** Query parameters that the real server gets to see of a leaf. */
const FORWARDED = ["alt", "wait_for_change", "timeout_sec", "last_etag"];

/**
 * Answers with what the real metadata server has.
 *
 * The request to it is built from the path that was matched and the known
 * parameters, so nothing else of the client's request can reach it. `recursive`
 * is asked only of directories, whose answers are filtered: a name without slash
 * could be a directory too. A leaf's entity tag is the real server's, and it does the
 * waiting for a change; a directory has a tag of our own, and does not wait here.
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
  const { query, exposure } = options;
  if (!directory) return await proxyLeaf(path, options);
  if (isOn(query, "recursive")) {
    const fetched = await fetchTree(path, options);
    return "refusal" in fetched
      ? fetched.refusal
      : treeAnswer(fetched.tree, { path, query });
  }
  const answer = await options.askUpstream({ path: `${V1}${path}/` });
  if (answer.status !== 200) return passRefusal(answer);
  const names = answer.body.split("\n").filter((name) => name !== "");
  return listingAnswer(names.filter(showsBelow(path, exposure)), query);
}

async function proxyLeaf(path: string, options: ProxyOptions): Promise<Answer> {
  const { query, askUpstream, signal } = options;
  const answer = await askUpstream({
    path: V1 + path,
    query: forwardedQuery(query),
    ...waitTimeout(query),
  }, signal);
  // The real server's Location names the real server, so it is made anew.
  if (answer.status === 301) return redirectAnswer(`${V1}${path}/`, query);
  if (answer.status !== 200) return passRefusal(answer);
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
 * @param options Collaborators.
 * @returns The filtered tree, or the answer to give if there is none.
 * @throws {UpstreamError} If there is no complete answer, or it is no JSON.
 */
export async function fetchTree(
  path: string,
  options: Pick<ProxyOptions, "askUpstream" | "exposure">,
): Promise<{ readonly tree: JsonTree } | { readonly refusal: Answer }> {
  const answer = await options.askUpstream({
    path: path === "" ? V1 : `${V1}${path}/`,
    query: new Map([["alt", "json"], ["recursive", "true"]]),
  });
  if (answer.status !== 200) return { refusal: passRefusal(answer) };
  const tree = filterTree(parseTree(answer.body), path, options.exposure);
  return { tree: isTree(tree) ? tree : {} };
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

/**
 * Makes the test of which names in a directory pods may see.
 *
 * @param path Path of the directory relative to `/computeMetadata/v1/`.
 * @param exposure What pods may see.
 */
export function showsBelow(
  path: string,
  exposure: Exposure,
): (name: string) => boolean {
  return (name) => exposure.shows(`${path}/${name.replace(/\/$/, "")}`);
}
