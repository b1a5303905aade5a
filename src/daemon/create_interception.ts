import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { createFollowCommand } from "../interception/follow_command.ts";
import { NodeInterception } from "../interception/node_interception.ts";
import { createRunCommand } from "../interception/run_command.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Creates what keeps the interception that the configuration wants.
 *
 * @param config Effective configuration.
 * @param options Time, and what takes log lines.
 * @returns Nothing if the rules are left to somebody else.
 */
export function createInterception(
  { interception }: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): NodeInterception | undefined {
  const { backend, address, ipv6Address, watchRules } = interception;
  return backend === "none" ? undefined : new NodeInterception({
    backend,
    address,
    ipv6Address,
    runCommand: createRunCommand(),
    followCommand: watchRules ? createFollowCommand() : undefined,
    ownAddresses: () => Deno.networkInterfaces(),
    clock,
    log,
  });
}
