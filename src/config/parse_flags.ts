import { parseArgs } from "node:util";
import type { ConfigIssue } from "./config_error.ts";
import { checkLayer, type Layer, type LayerValue, showValue } from "./layer.ts";
import {
  FLAG_TARGETS,
  type FlagTarget,
  isSwitch,
  suggestFlag,
} from "./flag_target.ts";
import type { Option } from "./option.ts";
import { FILE } from "./text_kinds.ts";
import { BOOLEAN } from "./value_kind.ts";

/** What was typed on the command line. */
export interface ParsedFlags {
  /** The options that were typed, and only those. */
  readonly layer: Layer;
  /** File named by `--config`. */
  readonly configFile: string | undefined;
  /** Words that belong to no flag, in order. */
  readonly positionals: readonly string[];
  /** The arguments without these words and without `--`. */
  readonly flagArgs: readonly string[];
  /** Whether `--help` or `-h` was typed. */
  readonly help: boolean;
  /** Whether `--version` was typed. */
  readonly version: boolean;
  /** Unknown flags, missing values and values that are refused. */
  readonly issues: readonly ConfigIssue[];
}

const PARSER_OPTIONS = Object.fromEntries(
  [...FLAG_TARGETS].map(([name, target]) => {
    const type = isSwitch(target) ? "boolean" as const : "string" as const;
    return [name, name === "help" ? { type, short: "h" } : { type }];
  }),
);

/**
 * Parses the command line.
 *
 * Takes `--flag value`, `--flag=value`, and for switches `--flag`, `--flag=false` and
 * `--no-flag`; a switch never takes the word behind it. Of a flag that is typed twice the
 * last counts. Never throws.
 *
 * @param args Arguments without the program's name.
 * @returns What was typed; unusable if there are issues.
 */
export function parseFlags(args: readonly string[]): ParsedFlags {
  const parsing = new Parsing();
  const positionals: string[] = [];
  const others = new Set<number>();
  let unknownAt = -Infinity;
  const { tokens } = parseArgs({
    args: [...args],
    options: PARSER_OPTIONS,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") {
      // Probably the value of a misspelt flag, which is reported already.
      if (token.index !== unknownAt + 1) {
        positionals.push(token.value);
        others.add(token.index);
      }
    } else if (token.kind === "option-terminator") {
      others.add(token.index);
    } else if (token.kind === "option") {
      const typed = args[token.index] ?? token.rawName;
      // Node takes `-node` for `-n -o -d -e`.
      const isCluster = /^-[^-]./.test(typed);
      const isKnown = parsing.take({
        name: isCluster ? typed.slice(1).replace(/=.*/s, "") : token.name,
        flag: isCluster ? typed.replace(/=.*/s, "") : token.rawName,
        isCluster,
        text: token.value,
        isInline: token.inlineValue ?? false,
      });
      if (!isKnown) unknownAt = token.index;
    }
  }
  const flagArgs = args.filter((_, index) => !others.has(index));
  return { ...parsing.finish(), positionals, flagArgs };
}

/** A flag as it was typed. */
interface TypedFlag {
  readonly name: string;
  readonly flag: string;
  readonly isCluster: boolean;
  readonly text: string | undefined;
  readonly isInline: boolean;
}

class Parsing {
  readonly #own = new Map<string, LayerValue>();
  readonly #shorthands = new Map<Option, LayerValue>();
  readonly #issues = new Map<string, ConfigIssue>();
  #configFile: string | undefined;
  #help = false;
  #version = false;

  /** Takes one flag; returns whether it exists. */
  take(typed: TypedFlag): boolean {
    const { name, isCluster, isInline } = typed;
    const target = isCluster ? undefined : FLAG_TARGETS.get(name);
    if (target !== undefined) {
      const value = this.#readValue(typed, target);
      if (value !== undefined) this.#set(typed, { target, value });
      return true;
    }
    const positive = name.replace(/^no-/, "");
    const negated = positive === name || isCluster
      ? undefined
      : FLAG_TARGETS.get(positive);
    if (negated !== undefined && isSwitch(negated)) {
      if (isInline) this.#refuse(typed, "takes no value");
      else this.#set(typed, { target: negated, value: false });
      return true;
    }
    const meant = negated === undefined ? suggestFlag(name) : positive;
    const hint = meant === undefined
      ? "--help lists them all"
      : `did you mean --${meant}?`;
    this.#refuse(typed, `is no known flag; ${hint}`);
    return false;
  }

  finish(): Omit<ParsedFlags, "positionals" | "flagArgs"> {
    const layer = new Map(this.#own);
    for (const [option, value] of this.#shorthands) {
      const { path, shorthand } = option;
      const own = this.#own.get(path);
      if (own !== undefined && shorthand?.isStronger !== true) {
        this.#refuseDisagreement(option, { own, short: value });
      }
      layer.set(path, value);
    }
    return {
      layer,
      configFile: this.#configFile,
      help: this.#help,
      version: this.#version,
      issues: [...this.#issues.values()],
    };
  }

  /** Returns the value as YAML would hold it, or `undefined` after refusing it. */
  #readValue(typed: TypedFlag, target: FlagTarget): unknown {
    const { text, isInline } = typed;
    if (isSwitch(target)) {
      const value = text === undefined ? true : BOOLEAN.fromText(text);
      if (typeof value === "boolean" || target.kind === "option") return value;
      this.#refuse(
        typed,
        `${showValue(value)} is not accepted; expected ${BOOLEAN.accepts}`,
      );
      return undefined;
    }
    const kind = "option" in target ? target.option.kind : FILE;
    const isFlag = text?.startsWith("-") === true && !isInline;
    const isMissing = text === "" && target.kind === "config";
    if (text === undefined || isFlag || isMissing) {
      this.#refuse(typed, `needs a value; expected ${kind.accepts}`);
      return undefined;
    }
    return kind.fromText(text);
  }

  #set(
    typed: TypedFlag,
    { target, value }: { readonly target: FlagTarget; readonly value: unknown },
  ): void {
    const origin = { kind: "flag", flag: typed.flag } as const;
    switch (target.kind) {
      case "option": {
        const set = { value, origin };
        const issues = checkLayer(new Map([[target.option.path, set]]));
        for (const issue of issues) this.#report(issue);
        this.#own.set(target.option.path, set);
        break;
      }
      case "shorthand": {
        const { on, off } = target.option.shorthand ?? {};
        this.#shorthands.delete(target.option);
        const meaning = value === true ? on : off;
        if (meaning !== undefined) {
          this.#shorthands.set(target.option, { value: meaning, origin });
        }
        break;
      }
      case "config":
        this.#configFile = String(value);
        break;
      case "help":
        this.#help = value === true;
        break;
      case "version":
        this.#version = value === true;
        break;
    }
  }

  #refuseDisagreement(
    option: Option,
    { own, short }: { readonly own: LayerValue; readonly short: LayerValue },
  ): void {
    const meant = option.kind.decode(own.value);
    if (meant.outcome !== "accepted" || meant.value === short.value) return;
    this.#report({
      source: `--${option.shorthand?.flag}`,
      path: option.path,
      message: `contradicts --${option.flag}: ${
        showValue(short.value)
      } is not ${showValue(own.value)}; expected one of the two flags`,
    });
  }

  #refuse(typed: TypedFlag, message: string): void {
    this.#report({ source: typed.flag, path: "", message });
  }

  /** Reports each thing once: a cluster of short flags comes letter by letter. */
  #report(issue: ConfigIssue): void {
    this.#issues.set(
      JSON.stringify([issue.source, issue.path, issue.message]),
      issue,
    );
  }
}
