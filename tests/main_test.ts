import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { main } from "../src/main.ts";
import { recordIo } from "./cli/recorded_io.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const ENV: Readonly<Record<string, string>> = {};

/** Runs the program in this process; it is told to stop as soon as it runs. */
async function run(args: readonly string[], env = ENV): Promise<Outcome> {
  const io = recordIo({
    env: (name) => env[name],
    readTextFile: (path) => Deno.readTextFile(path),
  });
  const code = await main(args, io, { stop: AbortSignal.abort() });
  return { code, out: io.outText(), err: io.errText() };
}

const REFUSED = [
  {
    name: "an unknown flag",
    args: ["--app-prot=1"],
    says: /--app-prot.*did you mean --app-port\?/,
  },
  {
    name: "an unreadable file",
    args: ["--config=/no/such.yaml"],
    says: /\/no\/such\.yaml.*no such file/,
  },
  {
    name: "a port out of range",
    args: ["--app-port=65536"],
    says: /--app-port.*65536.*65535/,
  },
  {
    name: "a malformed URL",
    args: ["--api-server=nowhere"],
    says: /--api-server.*nowhere.*http/,
  },
  {
    name: "a malformed IAM endpoint",
    args: ["--iam-endpoint=ftp://x"],
    says: /--iam-endpoint.*ftp:\/\/x/,
  },
  {
    name: "a malformed metadata address",
    args: ["--metadata-addr=a b"],
    says: /--metadata-addr.*a b/,
  },
  {
    name: "a malformed default account",
    args: ["--default-service-account=x"],
    says: /--default-service-account.*"x"/,
  },
  {
    name: "an unknown command",
    args: ["confg"],
    says: /"confg" is no command; did you mean config\?/,
  },
  {
    name: "an unreadable kubeconfig",
    args: ["--kubeconfig=/no/kubeconfig"],
    says: /\/no\/kubeconfig.*cannot be used/,
  },
  {
    name: "no API server at all",
    args: [],
    says: /--api-server URL or --kubeconfig FILE/,
  },
];

Deno.test("main() refuses bad input with exit code 2 and one line", async (t) => {
  for (const { name, args, says } of REFUSED) {
    await t.step(name, async () => {
      const { code, out, err } = await run(args);
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.match(err, says);
      assert.equal(err.trimEnd().split("\n").length, 1, err);
    });
  }
});

Deno.test("main() prints help and version to standard output", async (t) => {
  await t.step("help", async () => {
    const { code, out, err } = await run(["--help"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /--default-service-account/);
  });
  await t.step("version", async () => {
    const { code, out } = await run(["--version"]);
    assert.equal(code, 0);
    assert.match(
      out,
      /^k8s-gke-service-account-assigner \d+\.\d+\.\d+ .*Deno \d/,
    );
  });
});

const ANYWHERE = [
  "--api-server=http://127.0.0.1:1",
  "--metadata-addr=127.0.0.1:1",
  "--node=n1",
  "--app-address=127.0.0.1",
  "--app-port=0",
  "--admin-port=0",
];

Deno.test("main() starts and stops the daemon without anything to talk to", async () => {
  const { code, err } = await run(ANYWHERE);
  assert.equal(code, 0);
  assert.match(
    err,
    /Listening listener=server address=127\.0\.0\.1 port=[1-9]/,
  );
});

Deno.test("main() says which port is taken and fails", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, err } = await run([
    ...ANYWHERE,
    `--app-port=${taken.addr.port}`,
  ]);
  assert.equal(code, 1);
  assert.match(
    err,
    new RegExp(`port ${taken.addr.port}: the port is taken.*--app-port`),
  );
});

Deno.test("main.ts ends with 0 on SIGTERM", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", MAIN, ...ANYWHERE],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    if (
      !log.includes("listener=server") &&
      (log + text).includes("listener=server")
    ) {
      child.kill("SIGTERM");
    }
    log += text;
  }
  assert.equal((await child.status).code, 0);
  assert.match(log, /Stopping/);
});
