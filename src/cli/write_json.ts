/**
 * Writes a value as JSON that is safe to look at: control and formatting characters in texts,
 * which could reach the terminal, are escaped as JSON allows.
 *
 * @param value What JSON can hold.
 * @returns Indented lines, with a line feed at the end.
 */
export function writeJson(value: unknown): string {
  // A raw line feed is the writer's own: in a text it is escaped already.
  const text = JSON.stringify(value, undefined, 2);
  const safe = text.replace(
    /[\p{Cc}\p{Cf}]/gu,
    (character) => character === "\n" ? character : escape(character),
  );
  return `${safe}\n`;
}

/** One escape for each unit of UTF-16, as JSON has them. */
function escape(character: string): string {
  return character.split("").map((unit) =>
    `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  ).join("");
}
