import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { answerLength } from "./answer_length.ts";

/** What a connection asks, and whom. */
export interface Question {
  /** Port of 127.0.0.1. */
  readonly port: number;
  /** Address to come from; this machine's own choice if left out. */
  readonly from?: string | undefined;
  /** The whole request as it goes over the wire. */
  readonly request: string;
  /** Status that every answer is to have. */
  readonly status: number;
}

/**
 * Connects, and asks the same again as soon as it is answered, until it is told to stop.
 *
 * @param question What to ask.
 * @param onAnswer Told how long each answer took from its request on, in milliseconds;
 * `false` stops.
 * @throws If there is no connection, or an answer is missing or not as it should be.
 */
export function askOverAndOver(
  question: Question,
  onAnswer: (tookMs: number) => boolean,
): Promise<void> {
  const { port, from, request, status } = question;
  const start = `HTTP/1.1 ${status} `;
  return new Promise((resolve, reject) => {
    let startedMs = 0;
    let received: Buffer = Buffer.alloc(0);
    let isAsking = true;
    const socket = connect({
      host: "127.0.0.1",
      port,
      noDelay: true,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    socket.on("connect", () => {
      // As wrk does it, connecting is not part of the time.
      startedMs = performance.now();
      socket.write(request);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      if (isAsking) reject(new Error("A connection ended without an answer"));
      else resolve();
    });
    const take = (chunk: Buffer): void => {
      received = received.length === 0
        ? chunk
        : Buffer.concat([received, chunk]);
      const length = answerLength(received);
      if (length === undefined || received.length < length) return;
      if (
        received.length > length ||
        received.toString("latin1", 0, start.length) !== start
      ) throw new Error(`No answer of ${status}: ${received}`);
      received = Buffer.alloc(0);
      const nowMs = performance.now();
      isAsking = onAnswer(nowMs - startedMs);
      startedMs = nowMs;
      if (isAsking) socket.write(request);
      else socket.destroy();
    };
    socket.on("data", (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    });
  });
}
