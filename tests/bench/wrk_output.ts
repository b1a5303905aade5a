import type { Load, LoadResult } from "./load.ts";

const MS_OF: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  m: 60_000,
};

/**
 * Reads what wrk prints with `--latency`.
 *
 * @param text Its standard output.
 * @param status Status that every answer is to have; wrk tells only of 4xx and 5xx.
 * @throws If a request failed or got a status of another kind, or if it is no such output.
 */
export function parseWrkOutput(
  text: string,
  { status }: Pick<Load, "status">,
): LoadResult {
  const problem = /^\s*Socket errors: .*$/m.exec(text);
  if (problem !== null) throw new Error(`wrk: ${problem[0].trim()}`);
  const requests = Number(find(text, /(\d+) requests in /));
  const [, refused = "0"] = /Non-2xx or 3xx responses: (\d+)/.exec(text) ?? [];
  const expected = status >= 400 ? requests : 0;
  if (requests === 0 || Number(refused) !== expected) {
    throw new Error(
      `wrk: ${refused} of ${requests} answers are refusals, not ${expected}`,
    );
  }
  return {
    requests,
    requestsPerSecond: Number(find(text, /Requests\/sec:\s*([\d.]+)/)),
    p50Ms: milliseconds(find(text, /^\s*50%\s+(\S+)$/m)),
    p99Ms: milliseconds(find(text, /^\s*99%\s+(\S+)$/m)),
  };
}

function find(text: string, pattern: RegExp): string {
  const [, found] = pattern.exec(text) ?? [];
  if (found === undefined) {
    throw new Error(`wrk prints no ${pattern}:\n${text}`);
  }
  return found;
}

function milliseconds(text: string): number {
  const [, number, unit = ""] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  const ms = MS_OF[unit];
  if (number === undefined || ms === undefined) {
    throw new Error(`wrk prints ${text} as a time`);
  }
  return Number(number) * ms;
}
