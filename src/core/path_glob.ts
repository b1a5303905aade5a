import { Glob } from "./glob.ts";

/**
 * A glob pattern over paths: `*` stays within one segment, `**` stands for any
 * number of whole segments, none included.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const glob = new PathGlob("instance/disks/**");
 * assert(glob.matches("instance/disks"));
 * assert(glob.matches("instance/disks/0/type"));
 * assert(!glob.matches("instance/name"));
 * ```
 */
export class PathGlob {
  readonly #segments: readonly (Glob | "any")[];

  /**
   * Compiles a pattern.
   *
   * @param source Pattern without leading or trailing slash.
   */
  constructor(source: string) {
    this.#segments = source.split("/").map((part) =>
      part === "**" ? "any" : new Glob(part)
    );
  }

  /**
   * Tells whether the pattern matches a whole path.
   *
   * @param path Path without leading or trailing slash.
   */
  matches(path: string): boolean {
    return matchSegments(this.#segments, path.split("/"));
  }
}

/** Advances the set of pattern positions segment by segment: linear whatever the pattern. */
function matchSegments(
  pattern: readonly (Glob | "any")[],
  segments: readonly string[],
): boolean {
  let positions = skipAny(pattern, new Set([0]));
  for (const segment of segments) {
    const next = new Set<number>();
    for (const position of positions) {
      const step = pattern[position];
      if (step === "any") next.add(position);
      else if (step?.matches(segment)) next.add(position + 1);
    }
    positions = skipAny(pattern, next);
  }
  return positions.has(pattern.length);
}

/** Adds the positions reached by letting a `**` stand for nothing (more). */
function skipAny(
  pattern: readonly (Glob | "any")[],
  positions: Set<number>,
): Set<number> {
  for (const position of positions) {
    if (pattern[position] === "any") positions.add(position + 1);
  }
  return positions;
}
