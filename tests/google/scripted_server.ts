import {
  type Answer,
  type Exchange,
  LoopbackServer,
} from "../../src/sandbox/loopback_server.ts";

/** One request as it came over the wire. */
export type Received = Pick<
  Exchange,
  "method" | "target" | "headers" | "body"
>;

/** A server that records everything and answers as told. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly address: string;
  readonly received: readonly Received[];
}

/** Starts a server; `respond` gets the exchange, for answers that are none. */
export async function startScriptedServer(
  respond: (exchange: Exchange) => Partial<Answer> | undefined,
): Promise<ScriptedServer> {
  const received: Received[] = [];
  const server = new LoopbackServer((exchange) => {
    received.push(exchange);
    const answer = respond(exchange);
    if (answer !== undefined) {
      exchange.send({ status: 200, headers: {}, body: "", ...answer });
    }
    return Promise.resolve();
  });
  await server.start();
  return {
    url: `http://${server.address}`,
    address: server.address,
    received,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Makes a JSON answer. */
export function json(value: unknown, status = 200): Answer {
  return {
    status,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  };
}
