import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** A process that is told lines, and answers by lines. */
export class Dialogue implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  /** Takes a process whose standard input and output are piped, and nothing else. */
  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    const input = Readable.from(child.stdout);
    this.#lines = createInterface({ input })[Symbol.asyncIterator]();
  }

  /** Waits for the next line. */
  async hear(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("The process has ended");
    return value;
  }

  /** Tells it a line, and waits for the answer. */
  async ask(line = ""): Promise<string> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    return await this.hear();
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It may have ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#writer.abort().catch(() => {});
    while ((await this.#lines.next()).done !== true);
    await this.#child.status;
  }
}
