import type {
  CompletedCommand,
  CompletedFlag,
  Completions,
} from "./completions.ts";

/**
 * Writes the completion script for fish.
 *
 * @param completions What can be completed.
 */
export function fishScript({ flags, commands }: Completions): string {
  const without = commands.filter(({ hasConfigFlags }) => !hasConfigFlags);
  const names = without.map(({ name }) => name).join(" ");
  const condition = names === ""
    ? ""
    : ` -n ${quote(`not __fish_seen_subcommand_from ${names}`)}`;
  return [
    "# Completion of saassigner for fish: saassigner completion fish | source",
    "complete -c saassigner -f",
    ...flags.map((flag) => flagLine(flag, condition)),
    ...commands.flatMap(commandLines),
    "",
  ].join("\n");
}

function commandLines(command: CompletedCommand): readonly string[] {
  const { name, description, subcommands, flags, takesFiles } = command;
  const seen = `__fish_seen_subcommand_from ${name}`;
  const words = subcommands.join(" ");
  const seenBoth = words === ""
    ? seen
    : `${seen}; and __fish_seen_subcommand_from ${words}`;
  const line = (condition: string, rest: string): string =>
    `complete -c saassigner -n ${quote(condition)} ${rest}`;
  return [
    line("__fish_use_subcommand", `-a ${name} -d ${quote(description)}`),
    ...(words === "" ? [] : [
      line(
        `${seen}; and not __fish_seen_subcommand_from ${words}`,
        `-a ${quote(words)}`,
      ),
    ]),
    ...(takesFiles ? [line(seenBoth, "-F")] : []),
    ...flags.map((flag) => flagLine(flag, ` -n ${quote(seen)}`)),
  ];
}

function flagLine(flag: CompletedFlag, condition: string): string {
  const { name, short, description, value } = flag;
  return [
    `complete -c saassigner${condition} -l ${name}`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    ...valueWords(value),
    ...(description === "" ? [] : [`-d ${quote(description)}`]),
  ].join(" ");
}

function valueWords(value: CompletedFlag["value"]): readonly string[] {
  switch (value.kind) {
    case "switch":
      return [];
    case "words":
      return [`-x -a ${quote(value.words.join(" "))}`];
    case "file":
      return ["-r -F"];
    case "text":
      return ["-x"];
  }
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
