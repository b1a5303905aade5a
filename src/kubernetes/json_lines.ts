/**
 * Splits a byte stream into lines of JSON.
 *
 * @param body Bytes as they arrive; a line may be cut anywhere, inside a character too.
 * @returns Each line decoded. A last line without its newline is left out: it
 * was cut off.
 * @throws {SyntaxError} If a line is no JSON.
 */
export async function* readJsonLines(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<unknown, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.trim() !== "") yield JSON.parse(line);
    }
  }
}
