import type {
  CompletedCommand,
  CompletedFlag,
  Completions,
  FlagValue,
} from "./completions.ts";

/**
 * Writes the completion script for bash, which needs bash 4 or newer, and nothing else.
 *
 * @param completions What can be completed.
 */
export function bashScript({ flags, commands }: Completions): string {
  const all: readonly ScopedFlag[] = [
    ...flags.map((flag) => ({ command: "*", flag })),
    ...commands.flatMap(({ name, flags }) =>
      flags.map((flag) => ({ command: name, flag }))
    ),
  ];
  const named = (kind: FlagValue["kind"]): string =>
    all.filter(({ flag }) => flag.value.kind === kind).flatMap(patternsOf)
      .join("|");
  const valued = all.flatMap((scoped) => {
    const { value } = scoped.flag;
    return value.kind === "words"
      ? [
        `    ${patternsOf(scoped).join("|")}) words='${
          value.words.join(" ")
        }' ;;`,
      ]
      : [];
  });
  const subcommands = commands.filter(({ subcommands }) =>
    subcommands.length > 0
  );
  const files = commands.filter(({ takesFiles }) => takesFiles);
  return `# Completion of saassigner for bash: source <(saassigner completion bash)

_saassigner() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local command= flag= prefix= words= inline=
  COMPREPLY=()
  ((COMP_CWORD > 1)) && command=\${COMP_WORDS[1]}
  # Usually = ends a word for bash, so that --flag=value comes as three.
  if [[ $cur == = ]]; then
    flag=$prev cur= inline=1
  elif [[ $prev == = ]]; then
    flag=\${COMP_WORDS[COMP_CWORD-2]} inline=1
  elif [[ $cur == --*=* ]]; then
    flag=\${cur%%=*} prefix=$flag= cur=\${cur#*=} inline=1
  elif [[ $prev == -* ]]; then
    flag=$prev
  fi
  case $command:$flag in
${valued.join("\n")}
    ${named("file")})
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -P "$prefix" -f -- "$cur")
      return ;;
    ${named("text")})
      return ;;
    ${named("switch")})
      [[ $inline ]] && words='true false' ;;
  esac
  if [[ ! $words ]]; then
    if [[ $cur == -* ]]; then
      words='${flagWords(flags)}'
      case $command in
${commands.flatMap(ownFlagWords).join("\n")}
      esac
    elif ((COMP_CWORD == 1)); then
      words='${commands.map(({ name }) => name).join(" ")}'
    else
      case $COMP_CWORD:$command in
${[...subcommands.map(subcommandWords), ...files.map(fileWords)].join("\n")}
      esac
    fi
  fi
  mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$words" -- "$cur")
}

complete -F _saassigner saassigner
`;
}

function ownFlagWords(
  { name, flags, hasConfigFlags }: CompletedCommand,
): readonly string[] {
  if (!hasConfigFlags) {
    return [`        ${name}) words='--help ${flagWords(flags)}' ;;`];
  }
  return flags.length === 0
    ? []
    : [`        ${name}) words+=' ${flagWords(flags)}' ;;`];
}

function subcommandWords({ name, subcommands }: CompletedCommand): string {
  return `        2:${name}) words='${subcommands.join(" ")}' ;;`;
}

function fileWords({ name }: CompletedCommand): string {
  return `        *:${name})
          compopt -o filenames
          mapfile -t COMPREPLY < <(compgen -f -- "$cur")
          return ;;`;
}

interface ScopedFlag {
  /** Name of the command that has the flag, or `*` for all. */
  readonly command: string;
  readonly flag: CompletedFlag;
}

/** Matches a flag behind its command, in a `case`. */
function patternsOf(
  { command, flag: { name, short } }: ScopedFlag,
): readonly string[] {
  return short === undefined
    ? [`${command}:--${name}`]
    : [`${command}:--${name}`, `${command}:-${short}`];
}

function flagWords(flags: readonly CompletedFlag[]): string {
  return flags.map(({ name }) => `--${name}`).join(" ");
}
