import type { Answer } from "../loopback_server.ts";

/** Content types of the metadata protocol; none carries a charset except error pages. */
export type MetadataContentType =
  | "application/text"
  | "application/json"
  | "text/html";

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/**
 * Makes an answer with the header block that every answer of the metadata server has.
 *
 * @param status HTTP status.
 * @param content Type and body, and fields of this answer alone such as `ETag`.
 */
export function createMetadataAnswer(status: number, content: {
  readonly type: MetadataContentType | "text/html; charset=UTF-8";
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}): Answer {
  return {
    status,
    headers: {
      "Metadata-Flavor": "Google",
      "Content-Type": content.type,
      ...content.headers,
      Server: "Metadata Server for VM",
      "X-XSS-Protection": "0",
      "X-Frame-Options": "SAMEORIGIN",
    },
    body: content.body,
  };
}

/**
 * Makes an error page.
 *
 * @param status HTTP status.
 * @param message What is wrong, for the reader of the page.
 */
export function createMetadataError(status: number, message: string): Answer {
  const title = `${status} ${reasons[status] ?? "Error"}`;
  return createMetadataAnswer(status, {
    type: "text/html; charset=UTF-8",
    body: `<!DOCTYPE html>\n<html lang=en>\n<title>${title}</title>\n` +
      `<p><b>${title}</b>\n<p>${message}\n</html>\n`,
  });
}
