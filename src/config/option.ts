import type { ValueKind } from "./value_kind.ts";

/** A second flag of an option, which stands for one of two of its values. */
export interface Shorthand {
  /** Name without dashes. */
  readonly flag: string;
  /** Value it stands for, as in YAML. */
  readonly on: string;
  /** Value that `=false` stands for; without it, `=false` says nothing. */
  readonly off?: string;
  /** Whether it beats the option's own flag; else the two must agree. */
  readonly isStronger: boolean;
}

/** How one option is written and explained. */
export interface OptionText {
  /** Value if no layer sets one, as in YAML; `null` leaves it unset. */
  readonly default: unknown;
  /** Name of its flag, without dashes. */
  readonly flag: string;
  /** A second flag, if it has one. */
  readonly shorthand?: Shorthand;
  /** One sentence without final period, for help, tables and editors. */
  readonly description: string;
  /** Whether the value must never be shown. */
  readonly isSecret?: true;
  /** Whether a change takes effect without a restart. */
  readonly isReloadable?: true;
}

/** One option of the program: everything there is to know about it. */
export interface Option extends OptionText {
  /** Key path in YAML, such as `server.port`. */
  readonly path: string;
  /** What its value may be. */
  readonly kind: ValueKind<unknown>;
}
