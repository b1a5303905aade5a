import type { Contender } from "./contender.ts";
import { METADATA_HEADERS, type Question } from "./metadata_request.ts";

/** What a process is asked, and how. */
export interface Asking {
  /** What to call it in the progress. */
  readonly name: string;
  /** What is asked. */
  readonly question: Question;
  /** Connections at once; 16 if left out. */
  readonly connections?: number;
  /** Whether connections are kept for the next request; they are if left out. */
  readonly isKeptAlive?: boolean;
}

/**
 * Makes a contender of a process that answers as a metadata server does.
 *
 * @param process Its number, and its port of 127.0.0.1.
 * @param asking What it is asked.
 */
export function contenderFor(
  { pid, port }: { readonly pid: number; readonly port: number },
  { name, question, connections = 16, isKeptAlive = true }: Asking,
): Contender {
  const { path, status } = question;
  const headers = METADATA_HEADERS;
  const load = { port, path, status, headers, connections, isKeptAlive };
  return { name, pid, load };
}
