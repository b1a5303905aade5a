import { Interception } from "../../src/interception/interception.ts";
import { createIptables } from "../../src/interception/iptables.ts";
import { createNftables } from "../../src/interception/nftables.ts";
import { createRunCommand } from "../../src/interception/run_command.ts";

/** Applies rules with each backend and prints how that failed, as JSON. */
const results: Record<string, unknown> = {};
for (const create of [createNftables, createIptables]) {
  const backend = create(createRunCommand());
  const interception = new Interception({
    backend,
    address: "169.254.169.254",
    ipv6Address: "fd20:ce::254",
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    log: () => {},
    isServed: () => false,
  });
  const error = await interception.apply({ guard: "all", redirect: undefined })
    .then(() => undefined, String);
  results[backend.name] = { error, state: interception.state };
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));
