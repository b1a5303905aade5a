import assert from "node:assert/strict";
import { FLAG_TARGETS } from "../../src/config/flag_target.ts";
import { COMMANDS, main } from "../../src/main.ts";
import { recordIo } from "./recorded_io.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

type Shell = typeof SHELLS[number];

interface Case {
  /** What stands behind `saassigner`; the last word is completed. */
  readonly typed: string;
  /** Everything that the last word can become. */
  readonly words: readonly string[];
}

const NAMES = COMMANDS.map(({ command }) => command.name);

const CASES: readonly Case[] = [
  { typed: "", words: NAMES },
  { typed: "conf", words: ["config"] },
  { typed: "config ", words: ["print", "check", "schema"] },
  { typed: "config check al", words: ["alpha.yaml"] },
  { typed: "config check b", words: ["beta 1.yaml", "beta-2.yaml"] },
  { typed: "--kubeconfig al", words: ["alpha.yaml"] },
  { typed: "--kubeconfig=al", words: ["alpha.yaml"] },
  { typed: "--log-level de", words: ["debug"] },
  { typed: "--log-level=de", words: ["debug"] },
  { typed: "--restrictions-mode=", words: ["off", "report", "enforce"] },
  { typed: "--restrictions-mode ", words: ["off", "report", "enforce"] },
  { typed: "--restrictions-m", words: ["--restrictions-mode"] },
  { typed: "--node ", words: [] },
  { typed: "explain ", words: [] },
  { typed: "explain --acc", words: ["--account"] },
  { typed: "explain --log-form", words: ["--log-format"] },
  { typed: "explain -o ", words: ["text", "json"] },
  { typed: "explain shop/cart --log-format te", words: ["text"] },
  { typed: "interception install --guard-o", words: ["--guard-only"] },
  { typed: "ready --guard-o", words: [] },
  { typed: "completion ", words: [...SHELLS] },
  { typed: "completion --log", words: [] },
];

async function scriptOf(shell: Shell): Promise<string> {
  const io = recordIo();
  const code = await main(["completion", shell], io, {
    stop: AbortSignal.abort(),
  });
  assert.equal(code, 0);
  return io.outText();
}

async function hasCommand(name: string): Promise<boolean> {
  try {
    return (await new Deno.Command(name, { args: ["--version"] }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs a command with what is typed into it, in a folder of its own with some files. */
async function type(
  command: readonly [string, ...string[]],
  input: string,
  folder: string,
): Promise<void> {
  const [name, ...args] = command;
  const child = new Deno.Command(name, {
    args,
    cwd: folder,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", TERM: "dumb", HOME: folder },
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(60_000),
  }).spawn();
  await new Response(input).body?.pipeTo(child.stdin);
  await child.status;
}

/** Writes down the arguments of each command line, each in a line of its own. */
const RECORDER = `saassigner() { printf '%s\\n' "$@" "" >> recorded; }
`;

/** What was completed, for each case; of bash and zsh with what was typed before. */
type Answers = Promise<readonly (readonly string[])[]>;

/** Asks a shell for every completion of every case. */
const ASK: Readonly<
  Record<Shell, (folder: string) => Answers>
> = {
  async bash(folder): Answers {
    const lines = CASES.map(({ typed }) => `saassigner ${typed}\x1b*\n`);
    await type(
      ["bash", "--norc", "--noprofile", "-i"],
      `${RECORDER}source ./completions\n${lines.join("")}`,
      folder,
    );
    return await readRecorded(folder);
  },
  async zsh(folder): Answers {
    const lines = CASES.map(({ typed }) => `saassigner ${typed}\x18a\n`);
    const setup = `autoload -Uz compinit; compinit -D -u
source ./completions
zle -C all-matches complete-word _generic; bindkey '^Xa' all-matches
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert yes
`;
    await type(
      ["script", "--quiet", "--return", "--command", "zsh -f -i", "/dev/null"],
      `${RECORDER}${setup}${lines.join("")}exit\n`,
      folder,
    );
    return await readRecorded(folder);
  },
  async fish(folder): Answers {
    const asks = CASES.map(({ typed }) =>
      `complete -C 'saassigner ${typed}' >> recorded; echo >> recorded\n`
    );
    await Deno.writeTextFile(
      `${folder}/ask.fish`,
      `source ./completions\n${asks.join("")}`,
    );
    await type(["fish", "--no-config", "ask.fish"], "", folder);
    const blocks = await readRecorded(folder);
    return blocks.map((block) => block.map((line) => line.replace(/\t.*/, "")));
  },
};

/** Blocks of lines, each ended by an empty one. */
async function readRecorded(folder: string): Answers {
  const text = await Deno.readTextFile(`${folder}/recorded`);
  const blocks: string[][] = [[]];
  for (const line of text.split("\n")) {
    if (line === "") blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks;
}

for (const shell of SHELLS) {
  Deno.test({
    name: `completion ${shell} completes for real`,
    ignore: !await hasCommand(shell),
    async fn(t): Promise<void> {
      const folder = await Deno.makeTempDir();
      try {
        for (const file of ["alpha.yaml", "beta 1.yaml", "beta-2.yaml"]) {
          await Deno.writeTextFile(`${folder}/${file}`, "");
        }
        await Deno.writeTextFile(
          `${folder}/completions`,
          await scriptOf(shell),
        );
        const answers = await ASK[shell](folder);
        for (const [index, { typed, words }] of CASES.entries()) {
          await t.step(typed || "nothing", () => {
            // What is typed before the last word is recorded by a real command line.
            const before = shell === "fish"
              ? []
              : typed.split(" ").slice(0, -1);
            const last = typed.split(" ").at(-1) ?? "";
            const kept = shell === "fish" || words.length > 0 || last === ""
              ? words
              : [last];
            // Bash completes what stands behind =, the others the word as a whole.
            const answer = (answers[index] ?? []).map((word) =>
              word.replace(/^--[a-z-]+=/, "")
            );
            assert.deepEqual(
              answer.sort(),
              [...before, ...kept].sort(),
            );
          });
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test("completion has every flag and every command, in every shell", async (t) => {
  for (const shell of SHELLS) {
    await t.step(shell, async () => {
      const script = await scriptOf(shell);
      const prefix = shell === "fish" ? "-l " : "--";
      for (const flag of FLAG_TARGETS.keys()) {
        assert.match(script, new RegExp(`${prefix}${flag}[ =['|)]`), flag);
      }
      for (const name of NAMES) {
        assert.match(script, new RegExp(`[' ]${name}[':) ]`), name);
      }
    });
  }
});

Deno.test("completion takes exactly one shell", async () => {
  for (const args of [[], ["tcsh"], ["bash", "zsh"], ["--node=x", "bash"]]) {
    const io = recordIo();
    const code = await main(["completion", ...args], io, {
      stop: AbortSignal.abort(),
    });
    assert.deepEqual([code, io.outText()], [2, ""]);
    assert.match(io.errText(), /^completion takes one of bash, zsh, fish\n/);
  }
});
