import type { RedirectTarget } from "./redirect_mark.ts";

/** On this very node, where an answer takes no time. */
const TIMEOUT_MS = 1_000;

/**
 * Tells whether anything on this node listens on a port.
 *
 * @param target Address of this node, and the port.
 */
export async function isServed(
  { host, port }: RedirectTarget,
): Promise<boolean> {
  try {
    using _connection = await Deno.connect({
      hostname: host,
      port,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}
