/**
 * Lets one caller stop waiting for work that others may wait for too.
 *
 * @param signal Ends the wait; the promise then rejects with its reason.
 * @param work Goes on whatever the signal does; its failure is never left unhandled.
 */
export function abandonOn<T>(
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(signal.reason);
    signal.addEventListener("abort", abandon, { once: true });
    work.then(resolve, reject).finally(() =>
      signal.removeEventListener("abort", abandon)
    );
  });
}
