/** What a command may touch of the world outside its arguments. */
export interface Io {
  /** Writes a text to standard output as it is. */
  readonly out: (text: string) => void;
  /** Writes a text to standard error as it is. */
  readonly err: (text: string) => void;
  /** Reads one environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Whether standard output shows colours: it is a terminal, and NO_COLOR is not set. */
  readonly useColor: boolean;
  /** Whether standard error is a terminal, where progress can be shown. */
  readonly showsProgress: boolean;
  /** Reads standard input to its end, as UTF-8. */
  readonly readInput: () => Promise<string>;
  /** Reads a file as UTF-8; fails as `Deno.readTextFile` does. */
  readonly readTextFile: (path: string) => string | Promise<string>;
}
