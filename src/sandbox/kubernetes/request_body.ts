import type { IncomingMessage } from "node:http";
import { isJsonObject, type JsonObject, parseJson } from "./json.ts";
import { badRequest, KubernetesStatusError } from "./status.ts";

const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Media type of a JSON merge patch. */
export const MERGE_PATCH = "application/merge-patch+json";

/**
 * Reads a JSON object from the body of a request.
 *
 * @param request Request whose body is unread.
 * @param accepted The media type that the body must have.
 * @returns The object.
 * @throws {KubernetesStatusError} If the media type is another (415), the body too
 * large (413), or no JSON object (400).
 */
export async function readObject(
  request: IncomingMessage,
  accepted: string,
): Promise<JsonObject> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim() ?? "";
  // The real server takes a body without a type for JSON, but never a patch.
  if (type !== accepted && (type !== "" || accepted === MERGE_PATCH)) {
    const message = "the body of the request was in an unknown format - " +
      `accepted media types include: ${accepted}`;
    throw new KubernetesStatusError(415, message);
  }
  return parseObject(await readText(request));
}

/**
 * Reads the JSON object that a deletion may carry.
 *
 * @param request Request whose body is unread.
 * @returns The object; an empty one if there is no body.
 * @throws {KubernetesStatusError} If the body is too large (413) or no JSON object (400).
 */
export async function readOptionalObject(
  request: IncomingMessage,
): Promise<JsonObject> {
  const text = await readText(request);
  return text.trim() === "" ? {} : parseObject(text);
}

/** Reads on past the limit, for a client that is still sending reads no answer. */
async function readText(request: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) text += decoder.decode(chunk, { stream: true });
  }
  if (size <= MAX_BODY_BYTES) return text + decoder.decode();
  const message = `Request entity too large: limit is ${MAX_BODY_BYTES}`;
  throw new KubernetesStatusError(413, message);
}

function parseObject(text: string): JsonObject {
  try {
    const value = parseJson(text);
    if (isJsonObject(value)) return value;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`couldn't get version/kind; json parse error: ${why}`);
  }
  throw badRequest(
    "couldn't get version/kind; json parse error: the body is no JSON object",
  );
}
