import { Interception } from "../../src/interception/interception.ts";
import { createRunCommand } from "../../src/interception/run_command.ts";

/** Applies rules with each backend and prints how that failed, as JSON. */
const results: Record<string, unknown> = {};
for (const backend of ["nftables", "iptables"] as const) {
  const interception = new Interception({
    backend,
    address: "169.254.169.254",
    ipv6Address: "fd20:ce::254",
    runCommand: createRunCommand(),
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    log: () => {},
  });
  const error = await interception.apply({
    hostIP: "10.128.0.2",
    match: { kind: "not", name: "eth0" },
    guard: "all",
    port: undefined,
  }).then(() => undefined, String);
  results[backend] = { error, state: interception.state };
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));
