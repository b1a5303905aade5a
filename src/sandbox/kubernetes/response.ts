import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import type { Json } from "./json.ts";
import { KubernetesStatusError } from "./status.ts";

/** How a body is spoilt on its way. */
export interface BodyTreatment {
  /** Waits between head and body. */
  readonly wait?: () => Promise<void>;
  /** Whether the body arrives whole, or the connection breaks in its middle. */
  readonly end: "whole" | "cut";
}

/**
 * Sends a JSON object.
 *
 * @param response Response to write.
 * @param status HTTP status.
 * @param value What to send.
 */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: Json,
): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, headersOf(body, "application/json"));
  response.end(body);
}

/**
 * Sends a line of plain text, as health checks do.
 *
 * @param response Response to write.
 * @param text What to send.
 */
export function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, headersOf(text, "text/plain; charset=utf-8"));
  response.end(text);
}

/**
 * Sends a JSON object, late or not in full.
 *
 * @param response Response to write.
 * @param value What to send.
 * @param treatment What is done to the body.
 */
export async function sendSpoilt(
  response: ServerResponse,
  value: Json,
  treatment: BodyTreatment,
): Promise<void> {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(200, headersOf(body, "application/json"));
  response.flushHeaders();
  await treatment.wait?.();
  if (treatment.end === "whole") response.end(body);
  else {response.write(body.slice(0, body.length >> 1), () =>
      response.destroy());}
}

/**
 * Sends a refusal; anything but a refusal becomes an internal error (500).
 *
 * @param response Response to write; left alone when its head is out already.
 * @param error What was thrown.
 */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return;
  const refusal = error instanceof KubernetesStatusError
    ? error
    : new KubernetesStatusError(500, `Internal error occurred: ${error}`);
  if (refusal.retryAfterSeconds !== undefined) {
    response.setHeader("Retry-After", String(refusal.retryAfterSeconds));
  }
  sendJson(response, refusal.code, refusal.status);
}

function headersOf(body: string, type: string): Record<string, string> {
  return {
    "Content-Type": type,
    "Cache-Control": "no-cache, private",
    "Content-Length": String(Buffer.byteLength(body)),
  };
}
