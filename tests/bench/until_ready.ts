import { sleep } from "./sleep.ts";

const PROBE_MS = 5;
const MOST_PROBES = 2_000;

/**
 * Waits until a program is ready.
 *
 * @param adminPort Where it tells, at 127.0.0.1.
 * @param hasEnded Tells whether waiting is in vain.
 * @throws If it has ended, or is not ready after ten seconds or a little more.
 */
export async function untilReady(
  adminPort: number,
  hasEnded: () => boolean = () => false,
): Promise<void> {
  let answer = "";
  for (let probes = 0; probes < MOST_PROBES; probes += 1) {
    if (hasEnded()) throw new Error("The program has ended instead of serving");
    try {
      const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
      answer = await response.text();
      if (response.ok) return;
    } catch (error) {
      answer = String(error);
    }
    await sleep(PROBE_MS);
  }
  throw new Error(`The program does not become ready: ${answer}`);
}
