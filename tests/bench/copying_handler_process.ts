/**
 * Answers every request with a copy of one response, which is cheaper for the runtime than
 * to make each anew, but needs an answer that is known beforehand. Takes a
 * {@linkcode FixedAnswer} as JSON, and prints its port.
 */
import type { FixedAnswer } from "./fixed_answer.ts";
import { printPort } from "./print_port.ts";

const { status, headers, body }: FixedAnswer = JSON.parse(Deno.args[0] ?? "");
const original = new Response(body, { status, headers });

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: printPort },
  () => original.clone(),
);
