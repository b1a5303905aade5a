import type { Option } from "./option.ts";
import { OPTIONS } from "./schema.ts";
import { suggest } from "../core/suggest.ts";

/** What a flag sets. */
export type FlagTarget =
  | {
    readonly kind: "option" | "shorthand";
    /** The option that it sets, by its value or by what it stands for. */
    readonly option: Option;
  }
  | { readonly kind: "config" | "help" | "version" };

/** Every flag by its name without dashes. */
export const FLAG_TARGETS: ReadonlyMap<string, FlagTarget> = new Map(
  listTargets(),
);

/**
 * Tells whether a flag may stand without a value.
 *
 * @param target What the flag sets.
 */
export function isSwitch(target: FlagTarget): boolean {
  switch (target.kind) {
    case "option":
      return target.option.kind.isSwitch;
    case "config":
      return false;
    default:
      return true;
  }
}

/**
 * Finds the flag that was probably meant.
 *
 * @param name Unknown name, without dashes; a key path means that option's flag.
 * @returns Name of a flag, without dashes, or `undefined` if none is near.
 */
export function suggestFlag(name: string): string | undefined {
  const byPath = OPTIONS.find(({ path }) =>
    path.toLowerCase() === name.toLowerCase()
  );
  return byPath?.flag ?? suggest(name, [...FLAG_TARGETS.keys()]);
}

function listTargets(): readonly [string, FlagTarget][] {
  const targets: [string, FlagTarget][] = [
    ["config", { kind: "config" }],
    ["help", { kind: "help" }],
    ["version", { kind: "version" }],
  ];
  for (const option of OPTIONS) {
    targets.push([option.flag, { kind: "option", option }]);
    if (option.shorthand !== undefined) {
      targets.push([option.shorthand.flag, { kind: "shorthand", option }]);
    }
  }
  return targets;
}
