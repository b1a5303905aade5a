import assert from "node:assert/strict";
import { listenOnSocket } from "../../src/admin/socket.ts";
import { systemClock } from "../../src/cli/system_clock.ts";
import { main } from "../../src/main.ts";
import { recordIo } from "../cli/recorded_io.ts";

/** What a daemon answers, as long as the test says so. */
class Daemon implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly folder: string = Deno.makeTempDirSync();
  readonly path = `${this.folder}/admin.sock`;
  answers: readonly { readonly status: number; readonly body: string }[] = [];
  asked = 0;

  listen(path: string = this.path): AsyncDisposable {
    return listenOnSocket(path, {
      handler: (request) => {
        assert.match(request.url, /\/readyz\?verbose$/);
        const { status, body } = this.answers[this.asked] ??
          this.answers.at(-1) ?? { status: 500, body: "" };
        this.asked++;
        return Promise.resolve(new Response(body, { status }));
      },
      clock: systemClock,
      log: (level, message, fields = {}) =>
        this.lines.push(`${level} ${message}: ${fields["path"]}`),
    });
  }

  /** Runs `ready` against it. */
  async ready(
    ...args: readonly string[]
  ): Promise<
    { readonly code: number; readonly out: string; readonly err: string }
  > {
    const io = recordIo();
    const code = await main(
      ["ready", `--admin-socket=${this.path}`, ...args],
      io,
      { stop: AbortSignal.abort() },
    );
    return { code, out: io.outText(), err: io.errText() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

const READY = { status: 200, body: "[+]index ok: synced\nok\n" };
const UNREADY = { status: 503, body: "[-]index failed: none\nnot ready\n" };

Deno.test("ready: exit code and text tell what the daemon says on its socket", async (t) => {
  await using daemon = new Daemon();
  await using _listening = daemon.listen();
  await t.step("ready", async () => {
    daemon.answers = [READY];
    assert.deepEqual(await daemon.ready(), {
      code: 0,
      out: READY.body,
      err: "",
    });
  });
  await t.step("not ready", async () => {
    daemon.answers = [UNREADY];
    assert.deepEqual(await daemon.ready(), {
      code: 1,
      out: "",
      err: UNREADY.body,
    });
  });
  await t.step("ready after a wait", async () => {
    daemon.answers = [UNREADY, READY];
    daemon.asked = 0;
    assert.equal((await daemon.ready("--wait", "1m")).code, 0);
    assert.equal(daemon.asked, 2);
  });
  await t.step("a wait that is no duration", async () => {
    const { code, err } = await daemon.ready("--wait=soon");
    assert.equal(code, 2);
    assert.match(err, /--wait "soon" is no duration; expected such as 55s/);
  });
});

Deno.test("ready: nothing that listens is not ready", async () => {
  await using daemon = new Daemon();
  const { code, err } = await daemon.ready();
  assert.equal(code, 1);
  assert.ok(err.startsWith(`No daemon answers on ${daemon.path}: `), err);
});

Deno.test("listenOnSocket() replaces a socket that a process has left, and no other file", async () => {
  await using daemon = new Daemon();
  daemon.answers = [READY];
  const server = Deno.listen({ transport: "unix", path: daemon.path });
  // As a process that is killed does: the file stays.
  await Deno.rename(daemon.path, `${daemon.path}.left`);
  server.close();
  await Deno.rename(`${daemon.path}.left`, daemon.path);
  {
    await using _listening = daemon.listen();
    assert.equal((await daemon.ready()).code, 0);
  }
  assert.deepEqual(daemon.lines, []);
  const file = `${daemon.folder}/file`;
  await Deno.writeTextFile(file, "kept");
  await using _listening = daemon.listen(file);
  assert.deepEqual(daemon.lines, [
    `error admin.socket (--admin-socket) cannot be listened on: ${file}`,
  ]);
  assert.equal(await Deno.readTextFile(file), "kept");
});
