import assert from "node:assert/strict";
import { parseAnswer } from "../sandbox/raw_http.ts";
import { toFixed } from "./fixed_answer.ts";

Deno.test("fixed answer: the letters of the wire, without what the runtime adds", () => {
  const answer = parseAnswer([
    "HTTP/1.1 403 Forbidden",
    "Metadata-Flavor: Google",
    "X-Time: 10:30",
    "content-length: 2",
    "date: Fri, 27 Nov 2026 09:29:10 GMT",
    "connection: close",
    "",
    "no",
  ].join("\r\n"));
  assert.deepEqual(toFixed(answer), {
    status: 403,
    headers: { "Metadata-Flavor": "Google", "X-Time": "10:30" },
    body: "no",
  });
});
