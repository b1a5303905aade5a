import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  stringify,
  visit,
  type YAMLError,
} from "yaml";

/** A place in a text. */
export interface Position {
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1. */
  readonly column: number;
}

/** What is wrong with a text as YAML, and where. */
export interface YamlIssue extends Position {
  /** What is wrong, without final period. */
  readonly message: string;
}

/** Keys and indices from the root of a document to a part of it. */
export type YamlPath = readonly (string | number)[];

/** Outcome of {@linkcode readYaml}. */
export type YamlResult =
  | {
    readonly outcome: "read";
    /** The document as plain data; `null` if it is empty. */
    readonly value: unknown;
    /** Finds where a value begins; if it has no place of its own, where what holds it begins. */
    readonly locateValue: (path: YamlPath) => Position;
    /** Finds where the last key of a path stands. */
    readonly locateKey: (path: YamlPath) => Position;
  }
  | {
    readonly outcome: "malformed";
    /** At least one issue, in document order. */
    readonly issues: readonly YamlIssue[];
  };

/** An alias may stand for at most this many nodes, or else a short text could fill the memory. */
const MAX_ALIAS_COUNT = 50;

/** One mistake can derail the parser for the rest of the text. */
const MAX_ISSUES = 5;

/**
 * Reads one YAML 1.2 document.
 *
 * Duplicate keys, unknown tags, unknown or multiplying aliases and a second
 * document make the text malformed.
 *
 * @param text YAML text.
 * @returns The document, or what is wrong with the text.
 */
export function readYaml(text: string): YamlResult {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: "error",
    prettyErrors: false,
    schema: "core",
    version: "1.2",
  });
  function placeOf(offset: number): Position {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
  const flaws = [
    ...[...document.errors, ...document.warnings].map((flaw) => ({
      message: describeFlaw(flaw, text),
      offset: flaw.pos[0],
    })),
    ...findUnknownAliases(document),
  ];
  if (flaws.length > 0) {
    const issues = flaws.toSorted((left, right) => left.offset - right.offset)
      .slice(0, MAX_ISSUES)
      .map(({ message, offset }) => ({ message, ...placeOf(offset) }));
    return { outcome: "malformed", issues };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = `aliases stand for more than ${MAX_ALIAS_COUNT} nodes`;
    return { outcome: "malformed", issues: [{ message, line: 1, column: 1 }] };
  }
  return {
    outcome: "read",
    value,
    locateValue: (path) => placeOf(findOffset(document, path)),
    locateKey: (path) => placeOf(findKeyOffset(document, path)),
  };
}

/**
 * Writes a scalar or a list of scalars as YAML on one line.
 *
 * @param value Text, number, boolean, `null`, or a list of them.
 */
export function writeInlineYaml(value: unknown): string {
  return stringify(value, {
    blockQuote: false,
    collectionStyle: "flow",
    flowCollectionPadding: false,
    lineWidth: 0,
  }).trimEnd();
}

/** Rewords what the parser says in terms of its own API, or too tersely. */
function describeFlaw(flaw: YAMLError, text: string): string {
  switch (flaw.code) {
    case "DUPLICATE_KEY": {
      const key = /^[^\s:,{}]*/.exec(text.slice(flaw.pos[0]))?.[0] ?? "";
      return `the key ${key} stands here a second time`;
    }
    case "MULTIPLE_DOCS":
      return "a second document begins here; expected only one";
    case "TAG_RESOLVE_FAILED":
      return `${
        lowerFirst(flaw.message)
      }; a text that begins with ! needs quotes`;
    case "RESOURCE_EXHAUSTION":
      return "nested too deeply";
    default:
      return lowerFirst(flaw.message);
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

interface Flaw {
  readonly message: string;
  readonly offset: number;
}

function findUnknownAliases(document: Document.Parsed): readonly Flaw[] {
  const flaws: Flaw[] = [];
  visit(document, {
    Alias(_key, alias): void {
      if (alias.resolve(document) !== undefined) return;
      flaws.push({
        message: `no anchor &${alias.source} stands before this alias`,
        offset: alias.range?.[0] ?? 0,
      });
    },
  });
  return flaws;
}

function findOffset(document: Document.Parsed, path: YamlPath): number {
  const node = findNode(document, path);
  if (isNode(node) && node.range) return node.range[0];
  return path.length === 0 ? 0 : findOffset(document, path.slice(0, -1));
}

function findKeyOffset(document: Document.Parsed, path: YamlPath): number {
  const map = findNode(document, path.slice(0, -1));
  const pair = isMap(map)
    ? map.items.find(({ key }) =>
      isScalar(key) && String(key.value) === path.at(-1)
    )
    : undefined;
  return isScalar(pair?.key) && pair.key.range
    ? pair.key.range[0]
    : findOffset(document, path);
}

function findNode(document: Document.Parsed, path: YamlPath): unknown {
  const keepScalar = true;
  return path.length === 0
    ? document.contents
    : document.getIn(path, keepScalar);
}
