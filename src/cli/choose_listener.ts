import type { Config } from "../config/config.ts";
import type { Listening } from "../interception/family_rules.ts";
import type { NodeInterception } from "../interception/node_interception.ts";

/**
 * Tells where the daemon of this node listens, as far as can be told: a daemon that was
 * handed pods' requests in an upgrade has another port.
 *
 * @param config Effective configuration.
 * @param interception Reads the rules.
 * @throws {InterceptionError} If the rules cannot be read.
 */
export async function chooseListener(
  { server, interception: settings }: Config,
  interception: NodeInterception,
): Promise<Listening> {
  const { address, port, handoverPort } = server;
  const listener = { address, port, otherPort: handoverPort };
  const served = await interception.findServed(settings, listener);
  return served?.port === handoverPort
    ? { address, port: handoverPort, otherPort: port }
    : listener;
}
