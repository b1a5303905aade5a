import assert from "node:assert/strict";
import { runDaemon } from "../src/cli/run_daemon.ts";
import { systemClock } from "../src/cli/system_clock.ts";
import { recordIo } from "./cli/recorded_io.ts";
import type { Daemon } from "../src/daemon/daemon.ts";
import { startSandbox } from "../src/sandbox/sandbox.ts";
import {
  askAsPod,
  type PodAnswer,
  type PodRequest,
  reasonOf,
  TOKEN,
} from "./pod_client.ts";

const SHELL = { from: "127.0.0.1", path: TOKEN };
const PLAIN = { from: "127.0.0.12", path: TOKEN };
const OUTSIDER = { from: "127.0.0.13", path: TOKEN };
const DEFAULT_ACCOUNT = "app@demo-proj.iam.gserviceaccount.com";

/** A folder as the kubelet mounts a ConfigMap: files are links through `..data`. */
class ConfigMapMount implements AsyncDisposable {
  readonly #folder: string;
  #generation = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(text: string): Promise<ConfigMapMount> {
    const mount = new ConfigMapMount(await Deno.makeTempDir());
    await mount.swap(text);
    await Deno.symlink("..data/config.yaml", mount.file);
    return mount;
  }

  get file(): string {
    return `${this.#folder}/config.yaml`;
  }

  /** Replaces the file in one step, as the kubelet does. */
  async swap(text: string): Promise<void> {
    const name = `..generation_${this.#generation += 1}`;
    await Deno.mkdir(`${this.#folder}/${name}`);
    await Deno.writeTextFile(`${this.#folder}/${name}/config.yaml`, text);
    await Deno.symlink(name, `${this.#folder}/..data_tmp`);
    await Deno.rename(`${this.#folder}/..data_tmp`, `${this.#folder}/..data`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** A daemon that runs as the program runs it, with a configuration file. */
class RunningProgram implements AsyncDisposable {
  readonly mount: ConfigMapMount;
  readonly #resources: AsyncDisposableStack;
  readonly #daemon: Daemon;
  readonly #log: () => string;
  readonly hangUp: () => void;

  private constructor(
    parts: {
      mount: ConfigMapMount;
      resources: AsyncDisposableStack;
      daemon: Daemon;
      log: () => string;
      hangUp: () => void;
    },
  ) {
    this.mount = parts.mount;
    this.#resources = parts.resources;
    this.#daemon = parts.daemon;
    this.#log = parts.log;
    this.hangUp = parts.hangUp;
  }

  static async start(text: string): Promise<RunningProgram> {
    const resources = new AsyncDisposableStack();
    const sandbox = resources.use(await startSandbox(systemClock));
    const mount = resources.use(await ConfigMapMount.create(text));
    const stop = new AbortController();
    const started = Promise.withResolvers<Daemon>();
    let log = "";
    let hangUp = (): void => {};
    const running = runDaemon(
      [
        ...sandbox.flags,
        "--app-port=0",
        "--admin-port=0",
        `--config=${mount.file}`,
      ],
      recordIo({
        err: (line) => log += line,
        readTextFile: (path) => Deno.readTextFile(path),
      }),
      {
        stop: stop.signal,
        onHangup: (reload) => hangUp = reload,
        onStarted: started.resolve,
      },
    );
    resources.defer(async () => {
      stop.abort();
      assert.equal(await running, 0);
    });
    const daemon = await started.promise;
    return new RunningProgram({
      mount,
      resources,
      daemon,
      log: () => log,
      hangUp: () => hangUp(),
    });
  }

  get log(): string {
    return this.#log();
  }

  ask(request: PodRequest): Promise<PodAnswer> {
    return askAsPod(this.#daemon.address.port, request);
  }

  async admin(path: string): Promise<string> {
    const response = await fetch(
      `http://127.0.0.1:${this.#daemon.adminAddress.port}${path}`,
    );
    return await response.text();
  }

  /** Goes on asking, and checks every answer, until something has come true. */
  async askUntil(
    request: PodRequest,
    done: (answer: PodAnswer) => boolean,
  ): Promise<void> {
    while (!done(await this.ask(request)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

Deno.test("a swapped ConfigMap is in force without a failed request", async () => {
  await using program = await RunningProgram.start("log: {level: info}\n");
  await program.askUntil(SHELL, ({ status }) => status === 200);
  assert.equal((await program.ask(PLAIN)).status, 404);
  let stillLoading = true;
  const load = Promise.all(Array.from({ length: 8 }, async () => {
    let answered = 0;
    while (stillLoading) {
      assert.equal((await program.ask(SHELL)).status, 200);
      answered += 1;
    }
    return answered;
  }));
  await program.mount.swap(`defaults: {serviceAccount: ${DEFAULT_ACCOUNT}}\n`);
  await program.askUntil(PLAIN, ({ status }) => status === 200);
  await program.mount.swap("log: {level: debug}\n");
  await program.askUntil(PLAIN, ({ status }) => status === 404);
  stillLoading = false;
  for (const answered of await load) assert.ok(answered > 0);
  assert.match(program.log, / DEBUG Answered /);
});

Deno.test("a broken file is refused and the old one goes on", async () => {
  await using program = await RunningProgram.start(
    `defaults: {serviceAccount: ${DEFAULT_ACCOUNT}}\n`,
  );
  await program.askUntil(PLAIN, ({ status }) => status === 200);
  await program.mount.swap(
    "defaults: {serviceAcount: x}\nserver: {port: 99999}\n",
  );
  await program.askUntil(PLAIN, ({ status }) => {
    assert.equal(status, 200);
    return program.log.includes("is refused");
  });
  assert.match(program.log, /serviceAcount.*did you mean/);
  assert.match(program.log, /99999/);
  const ready = await program.admin("/readyz?verbose");
  assert.match(
    ready,
    /configuration ok: the file was refused at .*serviceAcount/,
  );
  assert.match(ready, /\nok\n$/);
  const metrics = await program.admin("/metrics");
  assert.match(
    metrics,
    /saassigner_config_reloads_total\{outcome="refused"\} 1\n/,
  );
});

Deno.test("restrictions and annotation keys change at run time", async () => {
  await using program = await RunningProgram.start(
    "restrictions: {mode: 'off'}\n",
  );
  await program.askUntil(OUTSIDER, ({ status }) => status === 200);
  await program.mount.swap("restrictions: {mode: enforce}\n");
  await program.askUntil(OUTSIDER, (answer) => {
    assert.ok([200, 403].includes(answer.status), answer.body);
    return answer.status === 403 && reasonOf(answer) === "namespace-denied";
  });
  await program.mount.swap(
    "annotations: {serviceAccount: example.com/account}\n",
  );
  await program.askUntil(OUTSIDER, (answer) => {
    assert.ok([403, 404].includes(answer.status), answer.body);
    return answer.status === 404;
  });
});

Deno.test("what needs a restart is named and left out", async () => {
  await using program = await RunningProgram.start("server: {port: 0}\n");
  await program.mount.swap("kubernetes: {insecure: true}\n");
  await program.askUntil(SHELL, () => program.log.includes("need a restart"));
  assert.match(
    program.log,
    /need a restart are left out keys=kubernetes\.insecure/,
  );
});

Deno.test("SIGHUP reloads too", async () => {
  await using program = await RunningProgram.start("log: {level: info}\n");
  program.hangUp();
  while (
    !(await program.admin("/metrics")).includes(
      'reloads_total{outcome="accepted"} 1',
    )
  );
  assert.match(
    await program.admin("/readyz?verbose"),
    /configuration ok: reloaded at /,
  );
});
