import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createLocalJWKSet, jwtVerify } from "jose";
import { startTestDaemon, type TestDaemon } from "../test_daemon.ts";
import { assertGoogleAuth } from "./assert_google_auth.ts";
import { startStorageServer } from "./storage_server.ts";

const SCRIPTS = ["use_google_auth.mjs", "use_storage.mjs"] as const;
const DENO_CONFIG = pathOf("../../deno.json");
const APP = "app@demo-proj.iam.gserviceaccount.com";

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Environment of an application in a pod; nothing of this machine's own credentials. */
function podEnvironment(daemon: TestDaemon): Record<string, string> {
  const kept = ["PATH", "DENO_DIR", "XDG_CACHE_HOME", "NPM_CONFIG_REGISTRY"];
  const env = kept.map((
    name,
  ): [string, string] => [name, Deno.env.get(name) ?? ""]);
  return {
    ...Object.fromEntries(env.filter(([, value]) => value !== "")),
    HOME: Deno.env.get("HOME") ?? "/",
    CLOUDSDK_CONFIG: "/nonexistent",
    GCE_METADATA_HOST: `127.0.0.1:${daemon.port}`,
  };
}

interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

async function run(
  { command, args, cwd }: Run,
  env?: Record<string, string>,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env, clearEnv: true }),
  }).output();
  const text = new TextDecoder();
  assert.ok(success, `${command} ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/** Runs one of the scripts in an application's own process. */
type Application = (
  script: typeof SCRIPTS[number],
  ...args: readonly string[]
) => Run;

async function checkAuth(
  daemon: TestDaemon,
  application: Application,
): Promise<void> {
  const script = application("use_google_auth.mjs");
  const text = await run(script, podEnvironment(daemon));
  const { accessTokens, idToken } = assertGoogleAuth(text, APP);
  const { iam, metadata } = daemon.sandbox;
  for (const token of accessTokens) {
    assert.equal(iam.describe(token)?.account, APP);
    assert.ok(!metadata.tokens.includes(token));
  }
  const keys = createLocalJWKSet({ keys: [iam.publicJwk] });
  const { payload } = await jwtVerify(idToken, keys, {
    audience: "https://audience.example",
  });
  assert.equal(payload["email"], APP);
}

async function checkStorage(
  daemon: TestDaemon,
  application: Application,
): Promise<void> {
  await using storage = startStorageServer(daemon.sandbox.iam, {
    hostname: "127.0.0.1",
    port: 0,
  });
  const script = application("use_storage.mjs", storage.url);
  const text = await run(script, podEnvironment(daemon));
  assert.deepEqual(JSON.parse(text), [APP]);
}

/** Has Deno fetch what a script imports, which the application's own environment may not allow. */
async function fetchImports(script: typeof SCRIPTS[number]): Promise<void> {
  await run({
    command: Deno.execPath(),
    args: ["cache", "--quiet", `--config=${DENO_CONFIG}`, pathOf(script)],
  });
}

const underDeno: Application = (script, ...args) => ({
  command: Deno.execPath(),
  args: [
    "run",
    "--quiet",
    "--allow-all",
    `--config=${DENO_CONFIG}`,
    pathOf(script),
    ...args,
  ],
});

Deno.test("the newest google-auth-library and gcp-metadata get what they ask for, under Deno", async () => {
  await using daemon = await startTestDaemon();
  await fetchImports("use_google_auth.mjs");
  await checkAuth(daemon, underDeno);
});

Deno.test("the newest storage library lists a bucket as the pod's account, under Deno", async () => {
  await using daemon = await startTestDaemon();
  await fetchImports("use_storage.mjs");
  await checkStorage(daemon, underDeno);
});

const hasNode = await new Deno.Command("node", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "the newest libraries of Node 20 get what they ask for, under Node",
  ignore: !hasNode,
  async fn(t): Promise<void> {
    await using daemon = await startTestDaemon();
    const folder = await Deno.makeTempDir();
    try {
      for (const name of ["package.json", "deno.lock"]) {
        await Deno.copyFile(pathOf(`node20/${name}`), `${folder}/${name}`);
      }
      for (const name of SCRIPTS) {
        await Deno.copyFile(pathOf(name), `${folder}/${name}`);
      }
      await run({
        command: Deno.execPath(),
        args: ["install", "--quiet", "--frozen", "--node-modules-dir=auto"],
        cwd: folder,
      });
      const underNode: Application = (script, ...args) => ({
        command: "node",
        args: [script, ...args],
        cwd: folder,
      });
      await t.step(
        "google-auth-library and gcp-metadata",
        () => checkAuth(daemon, underNode),
      );
      await t.step("storage", () => checkStorage(daemon, underNode));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
