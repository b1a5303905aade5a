import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** The lines that a probe is told on its standard input. */
export function toldLines(): AsyncIterable<string> {
  return createInterface({ input: Readable.from(Deno.stdin.readable) });
}

/** Answers one line. */
export async function answer(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}
