import type { Language } from "./language.ts";

/** One step of a pattern: any run of characters, or exactly one of a kind. */
type Step =
  | { readonly kind: "any-run" }
  | { readonly kind: "any-one" }
  | { readonly kind: "literal"; readonly char: string }
  | {
    readonly kind: "class";
    readonly negated: boolean;
    /** One flag for each character of ASCII, so that the number of ranges costs nothing. */
    readonly ascii: Uint8Array;
    readonly ranges: readonly Range[];
  };

const ASCII = 128;

interface Range {
  readonly first: string;
  readonly last: string;
}

/**
 * A glob pattern that must match a whole text.
 *
 * `*` is any run of characters, `?` any one, `[a-z]` one of a class, `[!a]` or
 * `[^a]` one outside it, `\` takes the next character literally. Braces and a
 * leading `!` are literal. An ill-formed pattern (an open class, a trailing
 * `\`, a range from high to low) matches nothing.
 *
 * Own code, because patterns come from people who may annotate a namespace: the
 * time to match is bounded by pattern length times text length, whatever the
 * pattern.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const glob = new Glob("*@demo-proj.iam.*");
 * assert(glob.matches("app@demo-proj.iam.gserviceaccount.com"));
 * assert(!glob.matches("app@other-proj.iam.gserviceaccount.com"));
 * ```
 */
export class Glob {
  /** The pattern as it was written. */
  readonly source: string;
  readonly #steps: readonly Step[] | undefined;

  /**
   * Compiles a pattern; an ill-formed one too.
   *
   * @param source Pattern as an operator wrote it.
   */
  constructor(source: string) {
    this.source = source;
    this.#steps = parseSteps(Array.from(source));
  }

  /** Whether the pattern follows the syntax; if not, it matches nothing. */
  get isWellFormed(): boolean {
    return this.#steps !== undefined;
  }

  /**
   * Tells whether the pattern matches a text from its first to its last character.
   *
   * @param text Text to match.
   */
  matches(text: string): boolean {
    const steps = this.#steps;
    if (steps === undefined) return false;
    const chars = Array.from(text);
    let at = 0;
    let step = 0;
    // Only the latest `*` is ever retried: an earlier one could only give the
    // later one more to skip.
    let retryStep = -1;
    let retryAt = 0;
    while (at < chars.length) {
      const current = steps[step];
      if (current?.kind === "any-run") {
        retryStep = step;
        retryAt = at;
        step += 1;
      } else if (
        current !== undefined && matchesOne(current, chars[at] ?? "")
      ) {
        step += 1;
        at += 1;
      } else if (retryStep >= 0) {
        retryAt += 1;
        at = retryAt;
        step = retryStep + 1;
      } else {
        return false;
      }
    }
    while (steps[step]?.kind === "any-run") step += 1;
    return step === steps.length;
  }

  /**
   * Tells whether the pattern matches any text of a language at all.
   *
   * Of the language's bound on the length, only what the pattern needs at least counts.
   *
   * @param language The texts that there can be.
   */
  matchesSome(language: Language): boolean {
    const steps = this.#steps;
    if (steps === undefined) return false;
    const single = steps.filter(({ kind }) => kind !== "any-run").length;
    if (single > language.maxLength) return false;
    // Each set holds the states that the language can be in before this step.
    let states: ReadonlySet<number> = new Set([0]);
    for (const step of steps) {
      states = step.kind === "any-run"
        ? reachableFrom(states, language)
        : statesBehind(states, {
          language,
          takes: (char) => matchesOne(step, char),
        });
    }
    return [...states].some((state) => language.isEnd(state));
  }
}

function reachableFrom(
  states: ReadonlySet<number>,
  language: Language,
): ReadonlySet<number> {
  const all = new Set(states);
  let latest: ReadonlySet<number> = states;
  while (latest.size > 0) {
    const next = statesBehind(latest, { language, takes: () => true });
    latest = next.difference(all);
    for (const state of latest) all.add(state);
  }
  return all;
}

function statesBehind(
  states: ReadonlySet<number>,
  { language, takes }: {
    readonly language: Language;
    readonly takes: (char: string) => boolean;
  },
): ReadonlySet<number> {
  const behind = new Set<number>();
  for (const char of language.alphabet) {
    if (!takes(char)) continue;
    for (const state of states) {
      const next = language.next(state, char);
      if (next !== undefined) behind.add(next);
    }
  }
  return behind;
}

function parseSteps(chars: readonly string[]): readonly Step[] | undefined {
  const steps: Step[] = [];
  let at = 0;
  while (at < chars.length) {
    const char = chars[at] ?? "";
    if (char === "*") {
      if (steps.at(-1)?.kind !== "any-run") steps.push({ kind: "any-run" });
      at += 1;
    } else if (char === "?") {
      steps.push({ kind: "any-one" });
      at += 1;
    } else if (char === "[") {
      const parsed = parseClass(chars, at + 1);
      if (parsed === undefined) return undefined;
      steps.push(parsed.step);
      at = parsed.next;
    } else {
      const member = readMember(chars, at);
      if (member === undefined) return undefined;
      steps.push({ kind: "literal", char: member.char });
      at = member.next;
    }
  }
  return steps;
}

/** Reads a class from behind its `[`; a `]` in first place is a member. */
function parseClass(
  chars: readonly string[],
  start: number,
): { readonly step: Step; readonly next: number } | undefined {
  let at = start;
  const negated = chars[at] === "!" || chars[at] === "^";
  if (negated) at += 1;
  const ranges: Range[] = [];
  for (let isFirst = true; at < chars.length; isFirst = false) {
    if (chars[at] === "]" && !isFirst) {
      const ascii = markAscii(ranges);
      return { step: { kind: "class", negated, ascii, ranges }, next: at + 1 };
    }
    const first = readMember(chars, at);
    if (first === undefined) return undefined;
    at = first.next;
    let last = first.char;
    if (chars[at] === "-" && at + 1 < chars.length && chars[at + 1] !== "]") {
      const end = readMember(chars, at + 1);
      if (end === undefined || end.char < first.char) return undefined;
      last = end.char;
      at = end.next;
    }
    ranges.push({ first: first.char, last });
  }
  return undefined;
}

function markAscii(ranges: readonly Range[]): Uint8Array {
  const ascii = new Uint8Array(ASCII);
  for (const { first, last } of ranges) {
    const start = first.codePointAt(0) ?? 0;
    ascii.fill(1, start, (last.codePointAt(0) ?? 0) + 1);
  }
  return ascii;
}

/** Reads one character, which a `\` may escape. */
function readMember(
  chars: readonly string[],
  at: number,
): { readonly char: string; readonly next: number } | undefined {
  const start = chars[at] === "\\" ? at + 1 : at;
  const char = chars[start];
  return char === undefined ? undefined : { char, next: start + 1 };
}

function matchesOne(
  step: Exclude<Step, { kind: "any-run" }>,
  char: string,
): boolean {
  switch (step.kind) {
    case "any-one":
      return true;
    case "literal":
      return step.char === char;
    case "class":
      return step.negated !== isInClass(step, char);
  }
}

function isInClass(
  { ascii, ranges }: Extract<Step, { kind: "class" }>,
  char: string,
): boolean {
  const code = char.codePointAt(0) ?? 0;
  return code < ASCII
    ? ascii[code] === 1
    : ranges.some(({ first, last }) => first <= char && char <= last);
}
