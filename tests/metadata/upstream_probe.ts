import { connectUpstream } from "../google/upstream.ts";

/** Asks once and prints the body. */
const [address = "", path = ""] = Deno.args;
using client = connectUpstream({ address });
const answer = await client.ask({ path });
Deno.stdout.writeSync(new TextEncoder().encode(answer.body));
