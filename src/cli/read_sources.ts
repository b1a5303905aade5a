import { describeReadError } from "../config/read_error.ts";
import type { Io } from "./io.ts";
import { showControls } from "./style.ts";

/** A file or standard input. */
export interface SourceText {
  /** The file as it was named, or {@linkcode STANDARD_INPUT}. */
  readonly file: string;
  /** What it holds. */
  readonly text: string;
}

/** What {@linkcode readSources} could read. */
export interface ReadSources {
  /** What was read, in the order given. */
  readonly sources: readonly SourceText[];
  /** Whether all of it could be. */
  readonly isComplete: boolean;
}

/** Name of standard input in places. */
export const STANDARD_INPUT = "<stdin>";

/**
 * Reads files, and says on standard error which cannot be read.
 *
 * @param files Paths; `-` is standard input. The same path twice is read once.
 * @param io Where to read and write.
 */
export async function readSources(
  files: readonly string[],
  io: Io,
): Promise<ReadSources> {
  const sources: SourceText[] = [];
  let isComplete = true;
  for (const path of new Set(files)) {
    const file = path === "-" ? STANDARD_INPUT : path;
    try {
      const text = path === "-"
        ? await io.readInput()
        : await io.readTextFile(path);
      sources.push({ file, text });
    } catch (error) {
      isComplete = false;
      io.err(
        `${
          showControls(`${file}: cannot be read: ${describeReadError(error)}`)
        }\n`,
      );
    }
  }
  return { sources, isComplete };
}
