/** How much {@linkcode remember} keeps. */
export interface RememberOptions {
  /** Results at most; when there are more, all are forgotten. */
  readonly most: number;
  /** Longest argument whose result is kept; 256 characters if left out. */
  readonly longest?: number;
}

/**
 * Makes a pure function remember its results: the same few arguments come again and again.
 * What is kept is bounded, for arguments can be anybody's.
 *
 * @param compute The function; its result depends on its argument alone.
 * @param options The bounds.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * let computed = 0;
 * const lengthOf = remember((text) => (computed += 1, text.length), { most: 10 });
 * assert.deepEqual([lengthOf("abc"), lengthOf("abc"), computed], [3, 3, 1]);
 * ```
 */
export function remember<T>(
  compute: (argument: string) => T,
  { most, longest = 256 }: RememberOptions,
): (argument: string) => T {
  const results = new Map<string, { readonly value: T }>();
  return (argument) => {
    const known = results.get(argument);
    if (known !== undefined) return known.value;
    const value = compute(argument);
    if (argument.length > longest) return value;
    if (results.size >= most) results.clear();
    results.set(argument, { value });
    return value;
  };
}
