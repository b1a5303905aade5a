import type { Io } from "../../src/cli/io.ts";

/** What a command may touch in a test; keeps what it writes. */
export interface RecordedIo extends Io {
  /** What stands on standard output so far. */
  readonly outText: () => string;
  /** What stands on standard error so far. */
  readonly errText: () => string;
}

/** Makes an environment without variables, files or input, but for what is given. */
export function recordIo(given: Partial<Io> = {}): RecordedIo {
  const texts = { out: "", err: "" };
  return {
    out: (text) => texts.out += text,
    err: (text) => texts.err += text,
    env: () => undefined,
    useColor: false,
    showsProgress: false,
    readInput: () => Promise.resolve(""),
    readTextFile: (path) =>
      Promise.reject(new Deno.errors.NotFound(`no such file: ${path}`)),
    outText: () => texts.out,
    errText: () => texts.err,
    ...given,
  };
}
