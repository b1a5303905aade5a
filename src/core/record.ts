/**
 * Tells whether decoded data is an object or array, whose fields can be read.
 *
 * @param value Data of unknown form, as `JSON.parse` gives it.
 */
export function isRecord(
  value: unknown,
): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
