/** A set of texts, as an automaton that reads one character after the other from state 0. */
export interface Language {
  /** All characters that its texts have. */
  readonly alphabet: readonly string[];
  /** No text has more characters. */
  readonly maxLength: number;
  /** State behind a character, or `undefined` if no text goes on like that. */
  readonly next: (state: number, char: string) => number | undefined;
  /** Whether a text may end in a state. */
  readonly isEnd: (state: number) => boolean;
}
