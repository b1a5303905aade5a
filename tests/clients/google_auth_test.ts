import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createLocalJWKSet, jwtVerify } from "jose";
import { startTestDaemon, type TestDaemon } from "../test_daemon.ts";

const SCRIPT = fileURLToPath(new URL("./use_google_auth.mjs", import.meta.url));
const NODE_PACKAGES = fileURLToPath(new URL("./node20", import.meta.url));
const DENO_CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const APP = "app@demo-proj.iam.gserviceaccount.com";

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

async function checkApplication(
  daemon: TestDaemon,
  application: Run,
): Promise<void> {
  const got = JSON.parse(await run(application, podEnvironment(daemon)));
  const { iam, metadata } = daemon.sandbox;
  assert.ok(got.isAvailable && got.isCompute);
  assert.equal(iam.describe(got.accessToken)?.account, APP);
  assert.ok(!metadata.tokens.includes(got.accessToken));
  assert.equal(got.projectId, "demo-proj");
  assert.equal(got.project, "demo-proj");
  assert.equal(got.email, APP);
  const keys = createLocalJWKSet({ keys: [iam.publicJwk] });
  const { payload } = await jwtVerify(got.idToken, keys, {
    audience: "https://audience.example",
  });
  assert.equal(payload["email"], APP);
}

Deno.test("the newest google-auth-library gets its tokens, under Deno", async () => {
  await using daemon = await startTestDaemon();
  await checkApplication(daemon, {
    command: Deno.execPath(),
    args: ["run", "--quiet", "--allow-all", `--config=${DENO_CONFIG}`, SCRIPT],
  });
});

const hasNode = await new Deno.Command("node", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "the newest google-auth-library of Node 20 gets its tokens, under Node",
  ignore: !hasNode,
  async fn(): Promise<void> {
    await using daemon = await startTestDaemon();
    const folder = await Deno.makeTempDir();
    try {
      for (const name of ["package.json", "deno.lock"]) {
        await Deno.copyFile(`${NODE_PACKAGES}/${name}`, `${folder}/${name}`);
      }
      await Deno.copyFile(SCRIPT, `${folder}/use_google_auth.mjs`);
      await run({
        command: Deno.execPath(),
        args: ["install", "--quiet", "--frozen", "--node-modules-dir=auto"],
        cwd: folder,
      });
      await checkApplication(daemon, {
        command: "node",
        args: ["use_google_auth.mjs"],
        cwd: folder,
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
