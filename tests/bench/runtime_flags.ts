/** Where the image says what starts the program. */
const SHEBANG = new URL("../../deploy/image/shebang", import.meta.url);

/** Reads the flags of V8 that the image gives the program, as Deno takes them. */
export async function readV8Flags(): Promise<readonly string[]> {
  return v8FlagsIn(await Deno.readTextFile(SHEBANG));
}

/**
 * Takes the flags of V8 out of a line that starts Deno.
 *
 * @param line Such as `#!/usr/bin/env -S deno run --v8-flags=--lite-mode`.
 */
export function v8FlagsIn(line: string): readonly string[] {
  return line.trim().split(/\s+/).filter((word) =>
    word.startsWith("--v8-flags=")
  );
}
