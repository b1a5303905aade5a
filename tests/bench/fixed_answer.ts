import { type RawAnswer, sendRaw } from "../sandbox/raw_http.ts";

/** An answer that can be given without thinking. */
export interface FixedAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Header fields with the letters of the wire, without those that the runtime adds. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whole body. */
  readonly body: string;
}

/** Fields that `Deno.serve` adds by itself. */
const ADDED = ["date", "connection", "content-length"];

/**
 * Asks once, over a connection of its own, and keeps the answer.
 *
 * @param port Port of 127.0.0.1.
 * @param path Path, from the slash on.
 * @param headers Header fields beside `Host`.
 */
export async function fetchFixed(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<FixedAnswer> {
  const lines = Object.entries(headers).map(([key, value]) =>
    `${key}: ${value}`
  );
  return toFixed(
    await sendRaw(`127.0.0.1:${port}`, { target: path, headers: lines }),
  );
}

/**
 * Keeps of an answer what whoever gives it says, and leaves out what the runtime adds.
 *
 * @param answer As it came over the wire.
 */
export function toFixed({ status, lines, body }: RawAnswer): FixedAnswer {
  const fields = lines
    .map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    })
    .filter(([name]) => !ADDED.includes(name.toLowerCase()));
  return { status, headers: Object.fromEntries(fields), body };
}
