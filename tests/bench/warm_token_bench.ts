// A warm token through the whole daemon, beside a bare Deno.serve handler that
// answers the same bytes: the limit of this runtime.
import { systemClock } from "../../src/cli/system_clock.ts";
import { loadConfig } from "../../src/config/load_config.ts";
import { connectionOptions } from "../../src/cli/connection_options.ts";
import { startDaemon } from "../../src/daemon/daemon.ts";
import { createConnection } from "../../src/kubernetes/create_connection.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { TOKEN } from "../pod_client.ts";

const AT_ONCE = 16;
const headers = { "Metadata-Flavor": "Google" };

const sandbox = await startSandbox(systemClock);
const { config } = await loadConfig({
  args: [
    ...sandbox.flags,
    "--app-port=0",
    "--admin-port=0",
    "--app-address=127.0.0.1",
  ],
  env: () => undefined,
  readTextFile: () => Promise.reject(new Error("no file")),
});
const daemon = await startDaemon(config, {
  connection: await createConnection(
    connectionOptions(config, () => undefined),
  ),
  clock: systemClock,
  random: Math.random,
  log: () => {},
  auditLog: () => {},
  configText: () => "",
});
const tokenUrl =
  `http://127.0.0.1:${daemon.address.port}/computeMetadata/v1/${TOKEN}`;
const answer = await fetch(tokenUrl, { headers });
const bytes = await answer.bytes();
const bare = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  () => new Response(bytes, { headers: answer.headers }),
);
const bareUrl = `http://127.0.0.1:${bare.addr.port}/`;

async function ask(url: string): Promise<void> {
  const answers = Array.from({ length: AT_ONCE }, async () => {
    await (await fetch(url, { headers })).bytes();
  });
  await Promise.all(answers);
}

Deno.bench({
  name: "bare handler, 16 at once",
  group: "warm token",
  baseline: true,
  fn: () => ask(bareUrl),
});
Deno.bench({
  name: "warm token, 16 at once",
  group: "warm token",
  fn: () => ask(tokenUrl),
});
