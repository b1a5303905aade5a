import { Buffer } from "node:buffer";
import { remember } from "../core/remember.ts";
import type { Answer } from "./answer.ts";

/** How an answer is written. */
export interface ResponseOptions {
  /** Method of the request; HEAD gets the headers alone. */
  readonly method: string;
  /** Whether the client is to close the connection after it. */
  readonly isLast: boolean;
}

/**
 * Writes an answer as HTTP.
 *
 * @param answer What to answer.
 * @param options Method, and whether it is the last of its connection.
 */
export function toResponse(
  answer: Answer,
  { method, isLast }: ResponseOptions,
): Response {
  const { body, status } = answer;
  if (method === "HEAD") {
    // The runtime tells the length of what it sends, and here that is nothing.
    const length = { "Content-Length": String(Buffer.byteLength(body)) };
    const headers = { ...headersOf(answer, { isLast }), ...length };
    return new Response(null, { status, headers });
  }
  if (answer.isShared !== true || isLast) return write(answer, { isLast });
  let original = originals.get(answer);
  if (original === undefined) {
    original = write(answer, { isLast });
    originals.set(answer, original);
  }
  return original.clone();
}

/**
 * What the runtime has checked and put in order once: to copy that costs it less than to
 * make the same anew. The originals themselves are never sent.
 */
const originals = new WeakMap<Answer, Response>();

function write(
  answer: Answer,
  options: Pick<ResponseOptions, "isLast">,
): Response {
  const { body, status } = answer;
  return new Response(body, { status, headers: headersOf(answer, options) });
}

type HeaderObject = Readonly<Record<string, string>>;

/**
 * A plain object: from `Headers` the runtime sends names in lower case, and gRPC compares
 * `Metadata-Flavor` byte for byte.
 */
function headersOf(
  { contentType, headers }: Answer,
  { isLast }: Pick<ResponseOptions, "isLast">,
): HeaderObject {
  const usual = usualHeaders(contentType);
  if (headers === undefined && !isLast) return usual;
  return { ...usual, ...headers, ...isLast ? { "Connection": "close" } : {} };
}

const usualHeaders = remember<HeaderObject>((contentType) => ({
  "Metadata-Flavor": "Google",
  "Content-Type": contentType,
  "Server": "k8s-gke-service-account-assigner",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
  "X-XSS-Protection": "0",
}), { most: 64 });
