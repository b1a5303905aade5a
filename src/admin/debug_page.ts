import { createHash } from "node:crypto";
import html from "./page/index.html" with { type: "text" };
import script from "./page/page.js" with { type: "text" };
import style from "./page/page.css" with { type: "text" };

/** The page at `/debug/`, whole: it asks for nothing but the daemon's own events. */
export const PAGE: string = html
  .replace("<!-- style -->", () => `<style>${style}</style>`)
  .replace(
    "<!-- script -->",
    () => `<script type="module">${script}</script>`,
  );

/** Nothing runs on the page, or is fetched by it, but what is in it. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": [
    "default-src 'none'",
    `script-src 'sha256-${hashOf(script)}'`,
    `style-src 'sha256-${hashOf(style)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
};

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
