/**
 * A collector that throws all away: takes whatever is exported to it, prints its port, and
 * answers each line on its standard input by how many bytes of traces it got so far.
 */
import { answer, toldLines } from "../e2e/told_lines.ts";
import { printPort } from "./print_port.ts";

let traceBytes = 0;

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: printPort },
  async (request) => {
    const { length } = await request.bytes();
    if (request.url.endsWith("/v1/traces")) traceBytes += length;
    return new Response();
  },
);
for await (const _ of toldLines()) await answer(`${traceBytes}`);
