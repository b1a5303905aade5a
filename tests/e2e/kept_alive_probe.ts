/**
 * Asks the metadata address over and over on a few kept-alive connections, until it is
 * told a line; then prints how often each answer came and how many connections there
 * were, as JSON. An answer is the response's body, or the code of the error.
 */
import { Agent, get } from "node:http";
import { answer } from "./told_lines.ts";

const CONNECTIONS = 4;
const PAUSE_MS = 5;
const counts = new Map<string, number>();
const ports = new Set<number>();
let isOver = false;

async function ask(agent: Agent): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const request = get({
    agent,
    host: "169.254.169.254",
    path: "/computeMetadata/v1/instance/service-accounts/default/email",
    headers: { "Metadata-Flavor": "Google" },
  }, (response) => {
    ports.add(response.socket.localPort ?? 0);
    let text = "";
    response.on("data", (chunk) => text += String(chunk));
    response.on("end", () => resolve(text));
    response.on("error", (error) => resolve(String(error)));
  });
  request.on("error", (error) => resolve(String(error)));
  return await promise;
}

async function askOn(agent: Agent): Promise<void> {
  while (!isOver) {
    const heard = await ask(agent);
    counts.set(heard, (counts.get(heard) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  agent.destroy();
}

const told = Deno.stdin.read(new Uint8Array(16)).then(() => isOver = true);
await Promise.all(
  Array.from(
    { length: CONNECTIONS },
    () => askOn(new Agent({ keepAlive: true, maxSockets: 1 })),
  ),
);
await told;
await answer(
  JSON.stringify({
    answers: Object.fromEntries(counts),
    connections: ports.size,
  }),
);
