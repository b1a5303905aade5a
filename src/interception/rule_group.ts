/** What a look at the rules found, and the remedy. */
export interface Plan {
  /** What differs from what is wanted, for the log; empty if nothing does. */
  readonly drift: readonly string[];
  /** Exact document that makes it so, in the tool's own language. */
  readonly document: string;
}

/** Rules that are read and written together, and independently of other groups. */
export interface RuleGroup {
  /**
   * Compares the rules of the kernel with the wanted ones.
   *
   * @throws {InterceptionError} If they cannot be read.
   */
  inspect(): Promise<Plan>;
  /**
   * Writes the document of a plan made just before.
   *
   * @param document From {@linkcode RuleGroup.inspect}.
   * @throws {InterceptionError} If it is not taken; then nothing, or only whole
   * tables of it, have changed.
   */
  write(document: string): Promise<void>;
}
