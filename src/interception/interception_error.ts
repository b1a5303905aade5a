/** Thrown when the rules cannot be made, read or written; `cause` holds what the tool said. */
export class InterceptionError extends Error {
  /**
   * Creates the error.
   *
   * @param message One sentence for the operator, without a final period.
   * @param options `cause` is the error underneath.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InterceptionError";
  }
}
