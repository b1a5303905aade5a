import type { ImageProgram } from "../image_program.ts";

/** What a scenario is given. */
export interface Setup {
  /** The bundled program, started with the image's own flags. */
  readonly program: ImageProgram;
  /** How often everything is measured; what is compared takes turns. */
  readonly rounds: number;
  /** Whether it is to be over in a few seconds, only to see that it works. */
  readonly isShort: boolean;
  /** Whether what takes minutes is measured for as long as it takes. */
  readonly isWhole: boolean;
}

/** Bound of a figure that it is to keep; never asserted, for machines differ. */
export type Target =
  | { readonly least: number }
  | { readonly most: number };

/** One figure that was measured, once a round. */
export interface Figure {
  /** What it tells. */
  readonly what: string;
  /** `requests/s`, `ms`, `µs`, `MiB`, `%`, `ratio`, or what is counted. */
  readonly unit: string;
  /** One value of each round. */
  readonly values: readonly number[];
  /** What it is to keep, if anything. */
  readonly target?: Target;
}

/** Something that is measured by itself, under its own name. */
export interface Scenario {
  /** Name to choose it by: `warm-token-16`. */
  readonly name: string;
  /** What is measured, in one line for the help. */
  readonly about: string;
  /**
   * Measures.
   *
   * @param setup Program, number of rounds, and whether to be short.
   * @throws If the program answers wrongly, or not at all.
   */
  readonly measure: (setup: Setup) => Promise<readonly Figure[]>;
}
