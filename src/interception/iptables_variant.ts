import { InterceptionError } from "./interception_error.ts";
import type { CommandResult, RunCommand } from "./run_command.ts";

/** Which of the two kinds of iptables is used, and why. */
export interface IptablesVariant {
  /** What stands in a command's name after `iptables`: nothing for the machine's default. */
  readonly suffix: "" | "-nft" | "-legacy";
  /** Why, in a few words. */
  readonly reason: string;
  /** Whether it will stay so: no command failed in passing. */
  readonly isCertain: boolean;
}

/** Chains that the kubelet makes, in the variant that the node uses. */
const HINT = /^:(?:KUBE-IPTABLES-HINT|KUBE-KUBELET-CANARY) /m;

/** Where to look, in this order; the legacy tool would create a table that is named. */
const LOOKS: readonly {
  readonly suffix: "-nft" | "-legacy";
  readonly command: string;
  readonly args: readonly string[];
}[] = [
  { suffix: "-nft", command: "iptables-nft-save", args: ["-t", "mangle"] },
  { suffix: "-nft", command: "ip6tables-nft-save", args: ["-t", "mangle"] },
  { suffix: "-legacy", command: "iptables-legacy-save", args: [] },
  { suffix: "-legacy", command: "ip6tables-legacy-save", args: [] },
];

/** What `iptables --version` prints of its kind. */
const DEFAULTS = [
  { suffix: "-nft", command: "iptables-nft-save", printed: "(nf_tables)" },
  { suffix: "-legacy", command: "iptables-legacy-save", printed: "(legacy)" },
] as const;

/**
 * Finds out which of the two kinds of iptables the node uses, by the kubelet's chains.
 *
 * Rules of one kind do not see those of the other, so that ours have to be of
 * the same. A kind whose commands are missing or fail gives no hint. Without any
 * hint, it is the machine's default.
 *
 * @param runCommand Runs the commands.
 * @param timeoutMs Most that each may take, in milliseconds.
 * @see {@link https://github.com/kubernetes-sigs/iptables-wrappers}
 */
export async function detectVariant(
  runCommand: RunCommand,
  timeoutMs: number,
): Promise<IptablesVariant> {
  const answered = new Set<string>();
  let isCertain = true;
  for (const { suffix, command, args } of LOOKS) {
    const result = await tryCommand(() =>
      runCommand(command, args, { timeoutMs })
    );
    if (result === "missing") continue;
    if (result === "failed" || result.code !== 0) {
      isCertain = false;
      continue;
    }
    answered.add(command);
    if (HINT.test(result.stdout)) {
      const reason = "where the kubelet has its chains";
      return { suffix, reason, isCertain: true };
    }
  }
  const version = await tryCommand(() =>
    runCommand("iptables", ["--version"], { timeoutMs })
  );
  const printed = typeof version === "string" ? "" : version.stdout;
  const kind = DEFAULTS.find((each) =>
    answered.has(each.command) && printed.includes(each.printed)
  );
  return {
    suffix: kind?.suffix ?? "",
    reason: "the default of this machine",
    isCertain: isCertain && version !== "failed",
  };
}

async function tryCommand(
  run: () => Promise<CommandResult>,
): Promise<CommandResult | "missing" | "failed"> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof InterceptionError)) throw error;
    return error.cause instanceof Deno.errors.NotFound ? "missing" : "failed";
  }
}
