import type {
  CompletedCommand,
  CompletedFlag,
  Completions,
} from "./completions.ts";

/**
 * Writes the completion script for zsh, to be sourced or to be found on fpath.
 *
 * @param completions What can be completed.
 */
export function zshScript({ flags, commands }: Completions): string {
  const described = commands.map(({ name, description }) =>
    quote(`${name}:${description}`)
  );
  return `#compdef saassigner
# Completion of saassigner for zsh: source <(saassigner completion zsh)

_saassigner() {
  local -a commands=(
${indent(described, 4)}
  )
  local -a specs=(
${indent(flags.flatMap(flagSpecs), 4)}
  )
  if [[ $words[2] != -* ]]; then
    if (( CURRENT == 2 )); then
      _describe -t commands command commands
      return
    fi
    case $words[2] in
${indent(commands.flatMap(commandCase), 6)}
    esac
    shift words
    (( CURRENT-- ))
  fi
  _arguments -S $specs
}

if [[ $funcstack[1] == _saassigner ]]; then
  _saassigner "$@"
else
  compdef _saassigner saassigner
fi
`;
}

function commandCase(command: CompletedCommand): readonly string[] {
  const { name, subcommands, flags, hasConfigFlags, takesFiles } = command;
  const specs = [
    ...flags.flatMap(flagSpecs),
    ...(subcommands.length === 0
      ? []
      : [quote(`1:subcommand:(${subcommands.join(" ")})`)]),
    // Without a word for arguments, zsh would offer flags in their place.
    quote(takesFiles ? "*:file:_files" : "*:argument:()"),
  ];
  return [
    `${name})`,
    `  specs${hasConfigFlags ? "+" : ""}=(`,
    ...specs.map((spec) => `    ${spec}`),
    "  ) ;;",
  ];
}

function flagSpecs(flag: CompletedFlag): readonly string[] {
  const { name, short, description, value } = flag;
  const text = description === "" ? "" : `[${escape(description)}]`;
  const action = actionOf(value);
  return [
    quote(`--${name}${action === "" ? "" : "="}${text}${action}`),
    ...(short === undefined ? [] : [quote(`-${short}${text}${action}`)]),
  ];
}

function actionOf(value: CompletedFlag["value"]): string {
  switch (value.kind) {
    case "switch":
      return "";
    case "words":
      return `:value:(${value.words.join(" ")})`;
    case "file":
      return ":file:_files";
    case "text":
      return `:${escape(value.name)}: `;
  }
}

function escape(text: string): string {
  return text.replace(/[\\[\]:]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function indent(lines: readonly string[], width: number): string {
  return lines.map((line) => " ".repeat(width) + line).join("\n");
}
