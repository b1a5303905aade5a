import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/cli/system_clock.ts";
import { listen } from "../../src/metadata/listener.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { askAsPod, type PodAnswer, TOKEN } from "../pod_client.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { open } from "./byte_client.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** More than the daemon may open. */
const CONNECTIONS = 120;
const DESCRIPTORS = 80;

/** Reads a process's log until a line has come so many times. */
class LogReader {
  #text = "";
  readonly #reader: ReadableStreamDefaultReader<string>;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) return found;
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`The program ended: ${this.#text}`);
      this.#text += value;
    }
  }

  async rest(): Promise<string> {
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) return this.#text;
      this.#text += value;
    }
  }
}

async function askUntilServed(port: number): Promise<PodAnswer> {
  for (let asked = 0; asked < 5_000; asked += 1) {
    const answer = await askAsPod(port, { from: "127.0.0.11", path: TOKEN })
      .catch(() => undefined);
    if (answer?.status === 200) return answer;
  }
  throw new Error("No token was to be had");
}

Deno.test({
  name: "listen() outlives the lack of file descriptors",
  ignore: Deno.build.os === "windows",
  async fn(): Promise<void> {
    await using sandbox = await startSandbox(systemClock);
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        `ulimit -n ${DESCRIPTORS}; exec "$@"`,
        "sh",
        Deno.execPath(),
        "run",
        "--quiet",
        "--allow-all",
        MAIN,
        ...sandbox.flags,
        "--app-address=127.0.0.1",
        "--app-port=0",
        "--admin-port=0",
      ],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const log = new LogReader(child.stderr);
    const [, port] = await log.until(/listener=server .*port=(\d+)/);
    await askUntilServed(Number(port));
    const sockets: Socket[] = Array.from(
      { length: CONNECTIONS },
      () => open(Number(port), { text: "GET / HTTP/1.1\r\n" }),
    );
    for (const socket of sockets) socket.on("error", () => {});
    await log.until(/listener failed.*listener=server.*[Tt]oo many open files/);
    for (const socket of sockets) socket.destroy();
    const answer = await askUntilServed(Number(port));
    assert.equal(answer.headers["metadata-flavor"], "Google");
    child.kill("SIGTERM");
    const [{ code }] = await Promise.all([child.status, log.rest()]);
    assert.equal(code, 0);
  },
});

Deno.test("listen() waits for a port that another daemon has, if it may", async () => {
  const time = new ManualTime();
  const other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  const options = {
    section: "admin",
    log: () => {},
    clock: clockOf(time),
    handler: () => Promise.resolve(new Response("here")),
  } as const;
  const at = { address: "127.0.0.1", port };
  assert.throws(() => listen(at, options), {
    name: "ListenError",
    isTaken: true,
  });
  await using listener = listen(at, { ...options, waitsForPort: true });
  assert.ok(!listener.isOpen);
  assert.equal(listener.address.port, port);
  other.close();
  await time.asleep(1);
  time.advance(100);
  await time.settle();
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(await answer.text(), "here");
  assert.ok(listener.isOpen);
});
