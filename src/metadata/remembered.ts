/** How {@linkcode Remembered} gets values, and for how long they count. */
export interface RememberedOptions<T> {
  /** Asks for the value of a path. */
  readonly ask: (path: string) => Promise<T>;
  /** Milliseconds for which a value counts before it is asked for anew. */
  readonly keepMs: (value: T) => number;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/**
 * Values that change rarely or never, asked for once by all who want them.
 *
 * Nobody waits for a value that was known before, so that a server that hangs delays
 * nobody. Only paths of the metadata table may be asked for: nothing is ever forgotten.
 */
export class Remembered<T> {
  readonly #options: RememberedOptions<T>;
  readonly #known = new Map<string, { value: T; untilMs: number }>();
  readonly #asking = new Map<string, Promise<T>>();

  /**
   * Creates a memory of nothing.
   *
   * @param options Where values come from.
   */
  constructor(options: RememberedOptions<T>) {
    this.#options = options;
  }

  /**
   * Tells a value; one that is due is told once more, and asked for meanwhile.
   *
   * @param path Path relative to `/computeMetadata/v1/`.
   * @throws Whatever asking for it throws, if it was never known.
   */
  async get(path: string): Promise<T> {
    const known = this.#known.get(path);
    if (known === undefined) return await this.#ask(path);
    // Who cannot be asked now is asked again with the next request.
    if (this.#options.now() >= known.untilMs) this.#ask(path).catch(() => {});
    return known.value;
  }

  /**
   * Tells what is known of a value, without asking.
   *
   * @param path Path relative to `/computeMetadata/v1/`.
   * @returns The value, or `undefined` if it was never known.
   */
  peek(path: string): { readonly value: T } | undefined {
    return this.#known.get(path);
  }

  #ask(path: string): Promise<T> {
    const { ask, keepMs, now } = this.#options;
    const running = this.#asking.get(path);
    if (running !== undefined) return running;
    const asking = ask(path).then((value) => {
      this.#known.set(path, { value, untilMs: now() + keepMs(value) });
      return value;
    }).finally(() => this.#asking.delete(path));
    this.#asking.set(path, asking);
    return asking;
  }
}
