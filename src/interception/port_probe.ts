import type { RedirectTarget } from "./redirect_mark.ts";

/** On this very node, where an answer takes no time. */
const TIMEOUT_MS = 1_000;

/** What the pod-facing side of every daemon says of itself. */
const SERVER = "k8s-gke-service-account-assigner";

/**
 * Tells whether a daemon of this node listens on a port. Whoever may use the node's
 * network could pretend to be one, and could take the port of one that is down as well.
 *
 * @param target Address of this node, and the port.
 */
export async function isServed(
  { host, port }: RedirectTarget,
): Promise<boolean> {
  const name = host.includes(":") ? `[${host}]` : host;
  // A client for once: a kept connection would keep the other daemon from ending.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(`http://${name}:${port}/healthz`, {
      client,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.headers.get("Server") === SERVER;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}
