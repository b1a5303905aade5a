import { InterceptionError } from "./interception_error.ts";
import type { RunCommand } from "./run_command.ts";

/** What stands in a command's name after `iptables`: nothing for the machine's default. */
export type IptablesVariant = "" | "-nft" | "-legacy";

/** Chains that the kubelet makes, in the variant that the node uses. */
const HINT = /^:(?:KUBE-IPTABLES-HINT|KUBE-KUBELET-CANARY) /m;

/** Where to look, in this order; the legacy tool would create a table that is named. */
const LOOKS: readonly {
  readonly variant: IptablesVariant;
  readonly command: string;
  readonly args: readonly string[];
}[] = [
  { variant: "-nft", command: "iptables-nft-save", args: ["-t", "mangle"] },
  { variant: "-nft", command: "ip6tables-nft-save", args: ["-t", "mangle"] },
  { variant: "-legacy", command: "iptables-legacy-save", args: [] },
  { variant: "-legacy", command: "ip6tables-legacy-save", args: [] },
];

/**
 * Finds out which of the two kinds of iptables the node uses, by the kubelet's chains.
 *
 * Rules of one kind do not see those of the other, so that ours have to be of
 * the same. A kind whose commands are missing or fail gives no hint.
 *
 * @param runCommand Runs the commands.
 * @param timeoutMs Most that each may take, in milliseconds.
 * @see {@link https://github.com/kubernetes-sigs/iptables-wrappers}
 */
export async function detectVariant(
  runCommand: RunCommand,
  timeoutMs: number,
): Promise<IptablesVariant> {
  for (const { variant, command, args } of LOOKS) {
    try {
      const result = await runCommand(command, args, { timeoutMs });
      if (result.code === 0 && HINT.test(result.stdout)) return variant;
    } catch (error) {
      if (!(error instanceof InterceptionError)) throw error;
    }
  }
  return "";
}
