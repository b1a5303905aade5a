/**
 * Gives the address of one of many pods, a loopback one that this machine can call from.
 *
 * @param index Which of the pods, less than 64,000.
 */
export function podAddress(index: number): string {
  return `127.1.${Math.floor(index / 250)}.${index % 250 + 1}`;
}
