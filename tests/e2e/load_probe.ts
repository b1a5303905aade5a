/**
 * Asks a host on port 80 without pause, one new connection about every millisecond,
 * until it is told a line; then prints how often each answer came, as JSON. An answer is
 * the response's body, or `refused`, `reset` and the like.
 */
import { answer } from "./told_lines.ts";

const [hostname = ""] = Deno.args;
const MOST_AT_ONCE = 20;
const LATE_MS = 5_000;
const counts = new Map<string, number>();
const running = new Set<Promise<void>>();
let isOver = false;

const told = Deno.stdin.read(new Uint8Array(16)).then(() => isOver = true);
while (!isOver) {
  if (running.size < MOST_AT_ONCE) {
    const one = ask().then((heard) => {
      counts.set(heard, (counts.get(heard) ?? 0) + 1);
      running.delete(one);
    });
    running.add(one);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await told;
await Promise.all(running);
await answer(JSON.stringify(Object.fromEntries(counts)));

async function ask(): Promise<string> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve("late"), LATE_MS);
  try {
    return await Promise.race([talk(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function talk(): Promise<string> {
  try {
    using connection = await Deno.connect({ hostname, port: 80 });
    const request =
      "GET /computeMetadata/v1/instance/service-accounts/default/email HTTP/1.1\r\nHost: metadata\r\nMetadata-Flavor: Google\r\nConnection: close\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    const text = await new Response(connection.readable).text();
    const [, body = text] = text.split("\r\n\r\n");
    return body === "" ? "closed" : body;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return "refused";
    if (error instanceof Deno.errors.ConnectionReset) return "reset";
    return /No route to host|Permission denied/.test(String(error))
      ? "no route"
      : String(error);
  }
}
