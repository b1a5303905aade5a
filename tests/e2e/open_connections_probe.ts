/**
 * For each number that it is told, opens so many connections more to a host and port,
 * keeps them open, and answers how many of these were taken within a second.
 */
import { connect, type Socket } from "node:net";
import { answer, toldLines } from "./told_lines.ts";

const [host = "", port = "80"] = Deno.args;
const PATIENCE_MS = 1_000;
const open: Socket[] = [];

for await (const line of toldLines()) {
  const before = open.length;
  await Promise.all(Array.from({ length: Number(line) }, openOne));
  await answer(String(open.length - before));
}

function openOne(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({ host, port: Number(port) });
  const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
  socket.on("connect", () => {
    clearTimeout(timer);
    open.push(socket);
    resolve();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
