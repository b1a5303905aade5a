import { InterceptionError } from "./interception_error.ts";
import type { CommandResult } from "./run_command.ts";

/** What the tools print, by cause; the first that fits counts. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /can't open lock file/i,
    "it cannot open the xtables lock file; mount the host's /run/xtables.lock",
  ],
  [
    /holding the xtables lock/i,
    "another program held the xtables lock for too long",
  ],
  [
    /must be root|Permission denied|Operation not permitted/i,
    "it needs uid 0 with the capabilities NET_ADMIN and NET_RAW",
  ],
  [
    /incompatible, use 'nft' tool/i,
    "the table holds rules of the nft tool, which iptables cannot read; use the backend nftables",
  ],
  [
    /Address family not supported/i,
    "the kernel has no support for this address family",
  ],
  [
    /do you need to insmod|table .* does not exist/i,
    "the kernel has no such table",
  ],
  [
    /Couldn't load (?:match|target)|unknown option|extension not found|No such file or directory/i,
    "an extension of iptables or a module of the kernel is missing",
  ],
  [
    /Resource temporarily unavailable|Device or resource busy/i,
    "another program wrote at the same time; does it use the same xtables lock file?",
  ],
];

const MAX_STDERR_CHARACTERS = 2_000;

/**
 * Puts the failure of a tool into one sentence.
 *
 * @param attempted What was attempted, such as `iptables cannot read chain FORWARD`.
 * @param result How the tool ended.
 * @returns An error whose `cause` holds what the tool printed.
 */
export function explainFailure(
  attempted: string,
  result: CommandResult,
): InterceptionError {
  const [, reason] = CAUSES.find(([pattern]) => pattern.test(result.stderr)) ??
    [undefined, `exit code ${result.code}`];
  const printed = result.stderr.trim().slice(0, MAX_STDERR_CHARACTERS);
  return new InterceptionError(`${attempted}: ${reason}`, {
    cause: new Error(printed === "" ? `exit code ${result.code}` : printed),
  });
}

/**
 * Tells whether a tool failed because the kernel lacks the address family.
 *
 * @param error From {@linkcode explainFailure}.
 */
export function isFamilyMissing(error: unknown): boolean {
  return error instanceof InterceptionError &&
    /Address family not supported|Operation not supported/i.test(
      String(error.cause),
    );
}

/**
 * Tells whether a tool failed because the kernel has no rules of its kind at all.
 *
 * @param error From {@linkcode explainFailure}.
 */
export function isKindMissing(error: unknown): boolean {
  const printed = error instanceof InterceptionError ? String(error.cause) : "";
  return !/permitted|denied/i.test(printed) &&
    /not supported|do you need to insmod|Invalid argument|Protocol not available/i
      .test(printed);
}

/**
 * Tells whether a tool is not installed.
 *
 * @param error From a command that was run.
 */
export function isToolMissing(error: unknown): boolean {
  return error instanceof InterceptionError &&
    error.cause instanceof Deno.errors.NotFound;
}

/**
 * Tells whether this process may not read or write rules, or not run the tool.
 *
 * @param error From a command that was run, or from {@linkcode explainFailure}.
 */
export function isForbidden(error: unknown): boolean {
  if (!(error instanceof InterceptionError)) return false;
  const { cause } = error;
  return cause instanceof Deno.errors.NotCapable ||
    cause instanceof Deno.errors.PermissionDenied ||
    /must be root|permission denied|not permitted/i.test(
      String(cause),
    );
}
