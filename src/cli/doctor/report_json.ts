import type { Finding } from "./finding.ts";

/** What a terminal would obey, and what turns or hides text; JSON leaves most of it as it is. */
const CONTROLS = /[\p{Cc}\p{Cf}]/gu;

/**
 * Writes findings as JSON: an object with `findings`, each with `name`, `status`, `detail`
 * and perhaps `fix`.
 *
 * @param findings The findings, in the order of the checks.
 */
export function formatJson(findings: readonly Finding[]): string {
  const text = JSON.stringify({ findings }, undefined, 2)
    .replace(CONTROLS, (found) => found === "\n" ? found : escape(found));
  return `${text}\n`;
}

function escape(text: string): string {
  return Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}
