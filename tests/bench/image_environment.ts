const DOCKERFILE = new URL("../../Dockerfile", import.meta.url);

/** Reads the variables of OpenTelemetry that the image sets. */
export async function readImageTelemetry(): Promise<
  Readonly<Record<string, string>>
> {
  return telemetryIn(await Deno.readTextFile(DOCKERFILE));
}

/**
 * Takes these variables out of a Dockerfile.
 *
 * @param text Its text; a variable stands on a line of its own.
 */
export function telemetryIn(text: string): Readonly<Record<string, string>> {
  const pairs = text.matchAll(/^\s*(?:ENV )?(OTEL_\w+)=(\S+)/gm);
  return Object.fromEntries(
    [...pairs].map(([, name = "", value = ""]) => [name, value]),
  );
}
