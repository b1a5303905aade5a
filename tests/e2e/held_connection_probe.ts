/**
 * Opens a connection to a host and port, and asks once on it for each line that it is
 * told; answers the response's body, or `reset` and the like.
 */
import { answer, toldLines } from "./told_lines.ts";

const [hostname = "", port = "80"] = Deno.args;
const connection = await Deno.connect({ hostname, port: Number(port) });
const buffer = new Uint8Array(4_096);

for await (const _line of toldLines()) await answer(await ask());

async function ask(): Promise<string> {
  try {
    const request = "GET / HTTP/1.1\r\nHost: metadata\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    const length = await connection.read(buffer);
    if (length === null) return "closed";
    const text = new TextDecoder().decode(buffer.subarray(0, length));
    return text.split("\r\n\r\n")[1] ?? text;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionReset
      ? "reset"
      : String(error);
  }
}
