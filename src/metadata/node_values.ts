import { ExactNumber } from "../core/metadata_tree.ts";
import { listNodeValues, type TableRow } from "../core/metadata_table.ts";
import { V1 } from "../core/route.ts";
import {
  type AskUpstream,
  type UpstreamAnswer,
  UpstreamError,
} from "../core/upstream.ts";
import { Remembered } from "./remembered.ts";

/** Time after which a value that the node did not have is asked for again. */
const MISSING_MS = 60_000;
/** Time after which a directory is listed anew. */
const LISTING_MS = 60_000;

/**
 * Creates the memory of the node's own values, which never change.
 *
 * @param askUpstream Asks the real metadata server.
 * @param now Current time, in milliseconds since the Unix epoch.
 * @returns Values as text; `undefined` for one that the node does not have.
 */
export function rememberNodeValues(
  askUpstream: AskUpstream,
  now: () => number,
): Remembered<string | undefined> {
  return new Remembered({
    ask: async (path) => {
      const answer = await askUpstream({ path: V1 + path });
      if (answer.status === 200) return answer.body.replace(/\n$/, "");
      if (isRefusal(answer)) return undefined;
      throw new UpstreamError(`Status ${answer.status} instead of ${path}`);
    },
    keepMs: (value) => value === undefined ? MISSING_MS : Infinity,
    now,
  });
}

/**
 * Creates the memory of what the real server lists in directories of the metadata table.
 *
 * @param askUpstream Asks the real metadata server, or the next hop.
 * @param now Current time, in milliseconds since the Unix epoch.
 * @returns Names, with a slash behind those of directories; none of a directory that
 * the server refuses.
 */
export function rememberListings(
  askUpstream: AskUpstream,
  now: () => number,
): Remembered<readonly string[]> {
  return new Remembered<readonly string[]>({
    ask: async (path) => {
      const answer = await askUpstream({ path: `${V1}${path}/` });
      if (answer.status === 200) {
        return answer.body.split("\n").filter((name) => name !== "");
      }
      if (isRefusal(answer)) return [];
      throw new UpstreamError(`Status ${answer.status} instead of ${path}/`);
    },
    keepMs: () => LISTING_MS,
    now,
  });
}

/**
 * Asks for what clients want to know when they find out where they are: they wait for
 * half a second, and nothing is to be fetched then.
 *
 * @param nodeValues The node's own values.
 * @param listings What the real server lists.
 */
export function learnAhead(
  nodeValues: Remembered<string | undefined>,
  listings: Remembered<readonly string[]>,
): void {
  // What cannot be learned now is asked for with the first request.
  for (const path of listNodeValues()) nodeValues.get(path).catch(() => {});
  listings.get("instance").catch(() => {});
}

/**
 * Takes a node value as what it is.
 *
 * @param row Row of the metadata table.
 * @param text Value as the real server gave it.
 * @throws {UpstreamError} If it should be a number and is not: pods would misread it.
 */
export function toLeaf(row: TableRow, text: string): string | ExactNumber {
  const { path, entry } = row;
  if (entry.kind !== "node-value" || entry.type === "text") return text;
  if (/^(0|[1-9][0-9]*)$/.test(text)) return new ExactNumber(text);
  throw new UpstreamError(`The metadata server's ${path} is no number`);
}

/** The server is there, and pods get no more of it than it has. */
function isRefusal({ status }: UpstreamAnswer): boolean {
  return status >= 400 && status < 500 && status !== 429;
}
