import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { createFollowCommand } from "../interception/follow_command.ts";
import {
  NodeInterception,
  type NodeInterceptionOptions,
} from "../interception/node_interception.ts";
import {
  createRunCommand,
  type RunCommand,
} from "../interception/run_command.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Creates what keeps the interception that the configuration wants.
 *
 * @param config Effective configuration.
 * @param options Time, what takes log lines, and what tells of the machine if not it itself.
 * @returns Nothing if the rules are left to somebody else.
 */
export function createInterception(
  { interception }: Config,
  {
    clock,
    log,
    runCommand = createRunCommand(),
    ownAddresses = () => Deno.networkInterfaces(),
  }: {
    readonly clock: Clock;
    readonly log: Log;
    readonly runCommand?: RunCommand;
    readonly ownAddresses?: NodeInterceptionOptions["ownAddresses"];
  },
): NodeInterception | undefined {
  const { backend, address, ipv6Address, watchRules } = interception;
  return backend === "none" ? undefined : new NodeInterception({
    backend,
    address,
    ipv6Address,
    runCommand,
    followCommand: watchRules ? createFollowCommand() : undefined,
    ownAddresses,
    clock,
    log,
  });
}
