import { Buffer } from "node:buffer";

const HEAD_END = "\r\n\r\n";

/**
 * Tells how many bytes an HTTP answer has in all.
 *
 * @param bytes Its beginning.
 * @returns `undefined` while its head is not complete.
 * @throws If the head does not tell the length of the body.
 */
export function answerLength(bytes: Uint8Array): number | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = view.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = view.toString("latin1", 0, end);
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  if (length === undefined) throw new Error(`An answer of no length: ${head}`);
  return end + HEAD_END.length + Number(length);
}
