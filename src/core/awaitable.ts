/**
 * A value that is there, or will be.
 *
 * Most requests wait for nothing; a promise for each of a dozen steps would cost them
 * more than what they ask for.
 */
export type Awaitable<T> = T | Promise<T>;

/**
 * Goes on with a value: at once if it is there, else when it is.
 *
 * @param value The value.
 * @param next What to do with it; what it throws is thrown, or rejects.
 */
export function whenThere<T, R>(
  value: Awaitable<T>,
  next: (value: T) => Awaitable<R>,
): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/**
 * Turns a failure into a value, whether the work fails at once or later.
 *
 * @param work The work.
 * @param recover Makes a value of what was thrown, or throws it again.
 */
export function orElse<T>(
  work: () => Awaitable<T>,
  recover: (error: unknown) => T,
): Awaitable<T> {
  try {
    const value = work();
    return value instanceof Promise ? value.catch(recover) : value;
  } catch (error) {
    return recover(error);
  }
}

/**
 * Does something when work has ended, at once or later, well or not.
 *
 * @param work The work.
 * @param end What to do then.
 */
export function endingWith<T>(
  work: () => Awaitable<T>,
  end: () => void,
): Awaitable<T> {
  let isLater = false;
  try {
    const value = work();
    if (!(value instanceof Promise)) return value;
    isLater = true;
    return value.finally(end);
  } finally {
    if (!isLater) end();
  }
}
