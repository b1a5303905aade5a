/**
 * The limit of a proxy on this runtime: asks the upstream for each request, and answers
 * with what it said. Takes a {@linkcode ProxyPlan} as JSON, and prints its port.
 */
import http from "node:http";
import { text } from "node:stream/consumers";
import { printPort } from "./print_port.ts";

/** Ways to ask the upstream; which is the fastest depends on the runtime. */
export type ProxyWay = "fetch, streamed" | "fetch, whole" | "node:http";

/** What the process is told. */
export interface ProxyPlan {
  /** What to ask for. */
  readonly url: string;
  /** Header fields to ask with. */
  readonly headers: Readonly<Record<string, string>>;
  /** Header fields to answer with. */
  readonly answerHeaders: Readonly<Record<string, string>>;
  /** How to ask. */
  readonly way: ProxyWay;
}

const plan: ProxyPlan = JSON.parse(Deno.args[0] ?? "");
const { url, headers } = plan;
const init = { headers: plan.answerHeaders };
const agent = new http.Agent({ keepAlive: true });

const ways: Readonly<Record<ProxyWay, () => Promise<Response>>> = {
  "fetch, streamed": async () => {
    const answer = await fetch(url, { headers });
    // Else the body would go out in chunks.
    const length = answer.headers.get("Content-Length") ?? "";
    return new Response(answer.body, {
      headers: { ...plan.answerHeaders, "Content-Length": length },
    });
  },
  "fetch, whole": async () =>
    new Response(await (await fetch(url, { headers })).bytes(), init),
  "node:http": () =>
    new Promise((resolve, reject) => {
      http.get(url, { agent, headers }, (incoming) => {
        text(incoming).then(
          (body) => resolve(new Response(body, init)),
          reject,
        );
      }).on("error", reject);
    }),
};

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: printPort },
  ways[plan.way],
);
