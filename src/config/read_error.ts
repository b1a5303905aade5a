const READ_ERRORS: ReadonlyMap<string, string> = new Map([
  ["NotFound", "no such file"],
  ["PermissionDenied", "permission denied"],
  ["NotCapable", "this program was started without permission to read it"],
  ["IsADirectory", "it is a directory"],
]);

/**
 * Says why a file cannot be read.
 *
 * @param error What reading it threw.
 * @returns Without final period, and without the file's name where the reason is known.
 */
export function describeReadError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return READ_ERRORS.get(error.name) ?? error.message;
}
