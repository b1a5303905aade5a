import { type Command, type ListedCommand, UsageError } from "./command.ts";
import { bashScript } from "./completion/bash.ts";
import { type Completions, listCompletions } from "./completion/completions.ts";
import { fishScript } from "./completion/fish.ts";
import { zshScript } from "./completion/zsh.ts";

const USAGE = `Usage:
  saassigner completion bash|zsh|fish
      Print a script that completes commands, flags and their values in a shell

Examples:
  source <(saassigner completion bash)
  saassigner completion bash > ~/.local/share/bash-completion/completions/saassigner
  saassigner completion zsh > "\${fpath[1]}/_saassigner"
  saassigner completion fish > ~/.config/fish/completions/saassigner.fish
`;

const SCRIPTS: ReadonlyMap<string, (completions: Completions) => string> =
  new Map([
    ["bash", bashScript],
    ["zsh", zshScript],
    ["fish", fishScript],
  ]);

/**
 * Creates the command that prints completion scripts.
 *
 * @param commands Gives every command, this one included.
 */
export function createCompletionCommand(
  commands: () => readonly ListedCommand[],
): Command {
  return {
    name: "completion",
    usage: USAGE,
    subcommands: [...SCRIPTS.keys()],
    configFlags: "none",
    run([shell, ...rest], io): Promise<number> {
      const script = SCRIPTS.get(shell ?? "");
      if (script === undefined || rest.length > 0) {
        throw new UsageError(
          `completion takes one of ${[...SCRIPTS.keys()].join(", ")}`,
        );
      }
      io.out(script(listCompletions(commands())));
      return Promise.resolve(0);
    },
  };
}
