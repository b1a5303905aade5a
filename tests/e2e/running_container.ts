import assert from "node:assert/strict";
import { createRunCommand } from "../../src/interception/run_command.ts";
import type { CommandResult } from "../../src/interception/run_command.ts";

const run = createRunCommand();
const TIMEOUT = { timeoutMs: 60_000 };

/** A container that runc runs. */
export class RunningContainer implements AsyncDisposable {
  readonly #id: string;
  readonly #state: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<void>;
  #said = "";
  #heard = Promise.withResolvers<void>();

  private constructor(id: string, state: string, child: Deno.ChildProcess) {
    this.#id = id;
    this.#state = state;
    this.#child = child;
    this.#ended = this.#listen();
  }

  /** Starts it; `bundle` is the folder of its config.json, `state` one for runc. */
  static start(
    id: string,
    { bundle, state }: { readonly bundle: string; readonly state: string },
  ): RunningContainer {
    const child = new Deno.Command("runc", {
      args: ["--root", state, "run", "--bundle", bundle, id],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return new RunningContainer(id, state, child);
  }

  /** Waits until it has said something on standard error. */
  async hear(text: string): Promise<void> {
    while (!this.#said.includes(text)) {
      const { success } = await Promise.race([
        this.#heard.promise.then(() => ({ success: true })),
        this.#ended.then(() => ({ success: this.#said.includes(text) })),
      ]);
      assert.ok(success, `ended without saying ${text}: ${this.#said}`);
    }
  }

  /** Waits for its end; its exit code, and all that it said on standard error. */
  async end(): Promise<{ readonly code: number; readonly said: string }> {
    await this.#ended;
    const { code } = await this.#child.status;
    return { code, said: this.#said };
  }

  /** Most memory that its first process has had, in bytes. */
  async peakMemory(): Promise<number> {
    const { stdout, stderr } = await this.#runc("state", this.#id);
    assert.equal(stderr, "");
    const { pid } = JSON.parse(stdout);
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    return Number(kibibytes) * 1_024;
  }

  /** Sends a signal to its first process, such as `TERM`. */
  async kill(signal: string): Promise<void> {
    const { code, stderr } = await this.#runc("kill", this.#id, signal);
    assert.equal(code, 0, stderr);
  }

  /** Runs a command in it, as `kubectl exec` does. */
  async exec(...command: readonly string[]): Promise<CommandResult> {
    return await this.#runc("exec", this.#id, ...command);
  }

  /** Ends it, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runc("delete", "--force", this.#id);
    await this.#ended;
    await this.#child.status;
  }

  async #runc(...args: readonly string[]): Promise<CommandResult> {
    return await run("runc", ["--root", this.#state, ...args], TIMEOUT);
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stderr) {
      this.#said += decoder.decode(bytes, { stream: true });
      this.#heard.resolve();
      this.#heard = Promise.withResolvers();
    }
  }
}
