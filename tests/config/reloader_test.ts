import assert from "node:assert/strict";
import type { LoadedConfig } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load_config.ts";
import { Reloader, type ReloadOutcome } from "../../src/config/reloader.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

const FILE = "/etc/config.yaml";

function load(text: string): Promise<LoadedConfig> {
  return loadConfig({
    args: [`--config=${FILE}`, "--node=n1"],
    env: () => undefined,
    readTextFile: () => text,
  });
}

/** A reloader over a text that a test can change, with all that it did. */
class Setup implements AsyncDisposable {
  readonly time = new ManualTime();
  readonly applied: string[] = [];
  readonly reloader: Reloader;
  text = "{}";
  loads = 0;
  onLoad: () => void = () => {};
  readonly #ending = new AbortController();
  readonly #run: Promise<void>;
  #outcome = Promise.withResolvers<ReloadOutcome>();

  constructor(initial: LoadedConfig) {
    this.reloader = new Reloader({
      load: () => {
        this.loads += 1;
        this.onLoad();
        return load(this.text);
      },
      running: initial.config,
      apply: (config) => this.applied.push(config.defaults.serviceAccount),
      onOutcome: (outcome) => this.#outcome.resolve(outcome),
      clock: this.time,
      log: () => {},
    });
    this.#run = this.reloader.run(this.#ending.signal);
  }

  /** Lets the files settle, and waits for the end of the attempt. */
  async settle(): Promise<ReloadOutcome> {
    await this.time.asleep(1);
    this.time.advance(100);
    const outcome = await this.#outcome.promise;
    this.#outcome = Promise.withResolvers();
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#run;
    assert.equal(this.time.sleeping, 0);
  }
}

const ACCOUNT = "a@p.iam.gserviceaccount.com";

Deno.test("Reloader makes one reload of many requests", async () => {
  await using setup = new Setup(await load("{}"));
  setup.text = `defaults: {serviceAccount: ${ACCOUNT}}`;
  for (let count = 0; count < 5; count += 1) setup.reloader.request();
  assert.equal((await setup.settle()).kind, "accepted");
  assert.equal(setup.loads, 1);
  assert.deepEqual(setup.applied, [ACCOUNT]);
});

Deno.test("Reloader loses no request that comes while it loads", async () => {
  await using setup = new Setup(await load("{}"));
  setup.onLoad = () => {
    setup.onLoad = () => {};
    setup.reloader.request();
  };
  setup.reloader.request();
  await setup.settle();
  setup.text = `defaults: {serviceAccount: ${ACCOUNT}}`;
  await setup.settle();
  assert.deepEqual(setup.applied, [ACCOUNT]);
});

Deno.test("Reloader applies nothing if nothing has changed", async () => {
  await using setup = new Setup(await load("{}"));
  setup.reloader.request();
  assert.equal((await setup.settle()).kind, "accepted");
  assert.deepEqual(setup.applied, []);
});

Deno.test("Reloader refuses a broken file, and takes the mended one", async () => {
  await using setup = new Setup(await load("{}"));
  setup.text = "defaults: [";
  setup.reloader.request();
  const refused = await setup.settle();
  assert.ok(refused.kind === "refused" && refused.message.includes(FILE));
  setup.text = `defaults: {serviceAccount: ${ACCOUNT}}`;
  setup.reloader.request();
  assert.equal((await setup.settle()).kind, "accepted");
  assert.deepEqual(setup.applied, [ACCOUNT]);
});
