import type { Config } from "../config/config.ts";
import type { Listening } from "../interception/family_rules.ts";
import {
  listen,
  type Listener,
  ListenError,
  type ListenOptions,
} from "../metadata/listener.ts";

/** More than a daemon that has lost pods to another one needs to end. */
const PORT_PATIENCE_MS = 30_000;
const PORT_PAUSE_MS = 100;

/**
 * Listens where another daemon of the node leaves room, and can be led pods' requests
 * later. A third one waits until the first has ended, for 30 s at most.
 *
 * @param config Effective configuration.
 * @param options Handler and collaborators.
 * @throws {ListenError} If no port is to be had, or the machine lacks the address.
 */
export async function listenForPods(
  config: Config,
  options: ListenOptions,
): Promise<Listener> {
  const { clock, log } = options;
  const { address, port, handoverPort } = config.server;
  const isHandedOver = handoverPort !== 0 &&
    config.interception.backend !== "none";
  const ports = isHandedOver ? [port, handoverPort] : [port];
  const endMs = clock.now() + (isHandedOver ? PORT_PATIENCE_MS : 0);
  for (let attempt = 0;; attempt++) {
    const failures: unknown[] = [];
    for (const each of ports) {
      try {
        return listen({ address, port: each }, options);
      } catch (error) {
        if (!(error instanceof ListenError && error.isTaken)) throw error;
        failures.push(error);
      }
    }
    if (clock.now() >= endMs) throw failures[0];
    if (attempt === 0) {
      log("info", "Waiting for a port that another daemon has", {
        ports: ports.join(", "),
      });
    }
    await clock.sleep(PORT_PAUSE_MS);
  }
}

/**
 * Tells where pods' requests are taken, and where another daemon of the node takes them.
 *
 * @param config Effective configuration.
 * @param own Port that is listened on.
 */
export function describeListening(
  { server: { address, port, handoverPort } }: Config,
  own: number,
): Listening {
  const others = port === 0 || handoverPort === 0 ? [] : [port, handoverPort];
  return {
    address,
    port: own,
    otherPort: others.find((other) => other !== own) ?? 0,
  };
}
