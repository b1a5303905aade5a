import { TOKEN } from "../pod_client.ts";

/**
 * Asks for the token of the pod at 127.0.0.1 as fast as it is answered, over 16 connections.
 *
 * @param port Where the program takes requests.
 * @param seconds For how long, in whole seconds.
 * @returns How many requests were answered, all of them with 200.
 * @throws If one was answered otherwise, or not at all.
 */
export async function askMuch(port: number, seconds: number): Promise<number> {
  const { stdout } = await new Deno.Command("wrk", {
    args: [
      ...["--threads=1", "--connections=16", `--duration=${seconds}`],
      "--header=Metadata-Flavor: Google",
      `http://127.0.0.1:${port}/computeMetadata/v1/${TOKEN}`,
    ],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const [, requests] = /(\d+) requests in/.exec(text) ?? [];
  if (requests === undefined || /Non-2xx|Socket errors/.test(text)) {
    throw new Error(`Not all was answered: ${text}`);
  }
  return Number(requests);
}
