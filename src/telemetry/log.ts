import { currentTraceId } from "./otel.ts";

/** How much a log line matters, most first. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

/** One of {@linkcode LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Facts of one log line; `undefined` ones are left out. Never a token, JWT or body. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | undefined>
>;

/**
 * Writes one log line.
 *
 * @param level How much it matters.
 * @param message Constant text; what varies goes into the fields.
 * @param fields Facts.
 */
export type Log = (
  level: LogLevel,
  message: string,
  fields?: LogFields,
) => void;

/** What {@linkcode createLog} needs. */
export interface LogOptions {
  /** `text` for people, `json` for collectors; one line an entry either way. */
  readonly format: "text" | "json";
  /** Least important level that is written; asked for each line, so that it can change. */
  readonly level: () => LogLevel;
  /** Takes each line, newline included. */
  readonly write: (line: string) => void;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/**
 * Tells whether a line of a level is written.
 *
 * @param level Level of the line.
 * @param least Least important level that is written.
 */
export function isWritten(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(least);
}

/**
 * Creates a log.
 *
 * @param options Form, level and where lines go.
 */
export function createLog(options: LogOptions): Log {
  const format = options.format === "json" ? formatJson : formatText;
  return (level, message, fields = {}) => {
    if (!isWritten(level, options.level())) return;
    const time = new Date(options.now()).toISOString();
    const traceId = currentTraceId();
    const traced = traceId === undefined ? fields : { ...fields, traceId };
    const line = escapeControls(format({ time, level, message }, traced));
    try {
      options.write(`${line}\n`);
    } catch {
      // Nobody reads the log any more; pods are served all the same.
    }
  };
}

interface Entry {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
}

function formatJson(entry: Entry, fields: LogFields): string {
  return JSON.stringify({ ...entry, ...fields });
}

function formatText(entry: Entry, fields: LogFields): string {
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${quoteIfNeeded(String(value))}`);
  return `${entry.time} ${
    entry.level.toUpperCase().padEnd(5)
  } ${entry.message}${facts.join("")}`;
}

/**
 * Escapes what `JSON.stringify` leaves as it is but a terminal or a collector
 * obeys: C1 controls, line and paragraph separators, and changes of direction.
 */
function escapeControls(line: string): string {
  return line.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Quotes whatever could be taken for the next field or the next line. */
function quoteIfNeeded(text: string): string {
  return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text);
}

/**
 * Describes an error for the log: its message and those of its causes.
 *
 * @param error Whatever was thrown.
 */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at !== undefined && messages.length < 5;) {
    messages.push(at instanceof Error ? at.message || at.name : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return messages.join(": ");
}
