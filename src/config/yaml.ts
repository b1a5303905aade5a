import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  type ScalarTag,
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

/** The same for manifests, where a list of objects may share much. */
const MAX_ALIAS_COUNT_OF_STREAM = 1_000;

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
  const flaws = [...document.errors, ...document.warnings];
  const source = {
    text,
    start: 0,
    end: text.length,
    lines,
    maxAliasCount: MAX_ALIAS_COUNT,
  };
  return toResult(document, { ...source, flaws });
}

/**
 * Reads a stream of YAML documents as Kubernetes' tools do: JSON objects may follow one
 * another, `yes` and `on` are booleans, `<<` merges, and unknown tags are passed over.
 *
 * A document that is malformed does not take the others with it: each ends where a line
 * begins with `---`, even within quotes.
 *
 * @param text YAML or JSON text.
 * @returns The documents in order, with places in the whole text.
 */
export function readYamlStream(text: string): readonly YamlResult[] {
  const lines = new LineCounter();
  for (let at = 0; at >= 0;) {
    lines.addNewLine(at);
    const end = text.indexOf("\n", at);
    at = end < 0 ? -1 : end + 1;
  }
  return splitStream(text).flatMap(({ start, part }) => {
    const documents = parseAllDocuments(part, {
      customTags: (tags) => [...tags, WORDY_BOOLEAN],
      logLevel: "error",
      merge: true,
      prettyErrors: false,
      schema: "core",
    });
    const source = {
      text: part,
      start,
      end: part.trimEnd().length,
      lines,
      maxAliasCount: MAX_ALIAS_COUNT_OF_STREAM,
    };
    return Array.isArray(documents)
      ? documents.map((document) =>
        toResult(document, { ...source, flaws: document.errors })
      )
      : [];
  });
}

/** Booleans of YAML 1.1, beside those of the core schema. */
const WORDY_BOOLEAN: ScalarTag = {
  tag: "tag:yaml.org,2002:bool",
  default: true,
  test: /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|on)/i.test(text),
};

interface StreamPart {
  /** Where it begins in the whole text. */
  readonly start: number;
  readonly part: string;
}

/** Splits where a line begins with `---`, and behind a JSON object on lines of its own. */
function splitStream(text: string): readonly StreamPart[] {
  const starts = [0];
  for (const { index } of text.matchAll(/(?<![^\n])---(?=[ \t\r\n]|$)/g)) {
    const last = starts.at(-1) ?? 0;
    // Directives belong to the document behind them.
    const isPreamble = /^\uFEFF?(?:[%#].*\r?\n|\s)*$/.test(
      text.slice(last, index),
    );
    if (!isPreamble) starts.push(index);
  }
  return starts.flatMap((start, at) =>
    splitJson({ start, part: text.slice(start, starts[at + 1]) })
  );
}

function splitJson({ start, part }: StreamPart): readonly StreamPart[] {
  if (!/^\s*\{/.test(part)) return [{ start, part }];
  const starts = [0];
  for (const { 0: end, index } of part.matchAll(/\}[ \t\r]*\n(?=\{)/g)) {
    starts.push(index + end.length);
  }
  return starts.map((from, at) => ({
    start: start + from,
    part: part.slice(from, starts[at + 1]),
  }));
}

/** What is known of a document beside itself. */
interface Source {
  readonly text: string;
  /** Where the text begins in the one that places are told of. */
  readonly start: number;
  /** Where the last line with anything on it ends; nothing is wrong behind it. */
  readonly end: number;
  readonly lines: LineCounter;
  readonly flaws: readonly YAMLError[];
  readonly maxAliasCount: number;
}

function toResult(document: Document.Parsed, source: Source): YamlResult {
  const { text, start, lines, maxAliasCount } = source;
  function placeOf(offset: number): Position {
    const { line, col } = lines.linePos(start + offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
  const flaws = [
    ...source.flaws.map((flaw) => ({
      message: describeFlaw(flaw, text),
      offset: flaw.pos[0],
    })),
    ...findUnknownAliases(document),
  ];
  if (flaws.length > 0) {
    const issues = flaws.toSorted((left, right) => left.offset - right.offset)
      .slice(0, MAX_ISSUES)
      .map(({ message, offset }) => ({
        message,
        ...placeOf(Math.min(offset, source.end)),
      }));
    return { outcome: "malformed", issues };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const message = error instanceof ReferenceError
      ? `aliases stand for more than ${maxAliasCount} nodes`
      : lowerFirst(error.message);
    return { outcome: "malformed", issues: [{ message, ...placeOf(0) }] };
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
  const map = resolve(document, findNode(document, path.slice(0, -1)));
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
  let node: unknown = document.contents;
  for (const key of path) {
    const holder = resolve(document, node);
    if (!isCollection(holder)) return undefined;
    node = holder.get(key, keepScalar);
  }
  return node;
}

function resolve(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}
