/**
 * The limit of the runtime: answers every request with the same text and headers, and does
 * nothing else. Takes a {@linkcode FixedAnswer} as JSON, and prints its port.
 */
import type { FixedAnswer } from "./fixed_answer.ts";
import { printPort } from "./print_port.ts";

const { status, headers, body }: FixedAnswer = JSON.parse(Deno.args[0] ?? "");

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: printPort },
  () => new Response(body, { status, headers }),
);
