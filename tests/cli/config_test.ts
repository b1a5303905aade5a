import assert from "node:assert/strict";
import { CONFIG_COMMAND } from "../../src/cli/config.ts";
import { type CommandRun, runIn } from "./run_command.ts";
import { jsonSchema } from "../../src/config/json_schema.ts";
import { load } from "../config/load.ts";

const run = (
  args: readonly string[],
  world: Parameters<typeof runIn>[0] = {},
): Promise<CommandRun> => runIn(world, CONFIG_COMMAND, args);

Deno.test("config print shows every value with its origin", async () => {
  const { code, out, err } = await run(
    ["print", "--config=c.yaml", "--verbose", "--default-scopes=openid,email"],
    {
      files: { "c.yaml": "server:\n  port: 9000\n" },
      env: { NODE_NAME: "node-1" },
    },
  );
  assert.equal(code, 0);
  assert.equal(err, "");
  assert(out.startsWith("server:\n  address: 0.0.0.0 # default\n"));
  for (
    const line of [
      "  port: 9000 # c.yaml:2",
      "  node: node-1 # $NODE_NAME",
      "  scopes: [openid, email] # --default-scopes",
      "  level: debug # --verbose",
      "  maxStaleness: 15m # default",
      "  nextHop:",
      "    enabled: false # default",
      "  apiServer: null # default",
      '  serviceAccount: "" # default',
    ]
  ) assert(out.split("\n").includes(line), line);
});

Deno.test("config print writes a file that means the same", async () => {
  const args = [
    "--node=a",
    "--host-ip=::1",
    "--metadata-addr=[fd20:ce::254]:80",
    "--metadata-deny=instance/**,project/*",
    "--backoff-max-elapsed-time=1.5s",
    "--log-level=panic",
  ];
  const { out } = await run(["print", ...args]);
  const again = await load({ yaml: out });
  assert.deepEqual(again.config, (await load({ args })).config);
});

Deno.test("config print masks secrets", async () => {
  const { out } = await run([
    "print",
    "--api-token=very-secret",
    "--api-server=https://a",
  ]);
  assert(out.includes('  apiToken: "***" # --api-token\n'));
  assert(!out.includes("very-secret"));
});

Deno.test("config print warns on standard error", async () => {
  const { code, err } = await run(["print", "--node=a", "--insecure"]);
  assert.equal(code, 0);
  assert.match(err, /^warning: kubernetes\.insecure is on: .+\n$/);
});

Deno.test("config print refuses a bad configuration with exit code 2", async () => {
  const { code, out, err } = await run(["print", "--app-port=x", "--nod"]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.equal(err.trimEnd().split("\n").length, 2);
});

Deno.test("config check accepts a good file", async () => {
  const { code, out } = await run(["check", "c.yaml"], {
    files: { "c.yaml": "log: {level: debug}" },
    env: { HOST_IP: "nonsense of this machine" },
  });
  assert.equal(code, 0);
  assert.equal(out, "c.yaml: ok\n");
});

Deno.test("config check takes for granted what the manifests set", async () => {
  const { code, err } = await run(["check", "c.yaml"], {
    files: { "c.yaml": "interception: {backend: nftables}" },
  });
  assert.equal(code, 0);
  assert.equal(err, "");
});

Deno.test("config check prints all issues of a bad file with exit code 2", async () => {
  const { code, out, err } = await run(["check", "c.yaml"], {
    files: { "c.yaml": "log: {level: loud}\nserver: {prot: 1}" },
  });
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(
    err,
    /^c\.yaml:1:14: log\.level: .+\nc\.yaml:2:10: server\.prot: .+\n$/,
  );
});

Deno.test("config check names a file that is not there", async () => {
  const { code, err } = await run(["check", "c.yaml"]);
  assert.equal(code, 2);
  assert.equal(err, "c.yaml: cannot be read: no such file\n");
});

Deno.test("config schema prints the JSON Schema", async () => {
  const { code, out } = await run(["schema"]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), JSON.parse(JSON.stringify(jsonSchema())));
});

Deno.test("config explains its usage", async (t) => {
  const help = await run(["--help"]);
  assert.equal(help.code, 0);
  assert.equal(help.err, "");
  for (
    const args of [
      [],
      ["prnt"],
      ["check"],
      ["check", "--node"],
      ["check", "a", "b"],
      ["schema", "a"],
    ]
  ) {
    await t.step(args.join(" ") || "nothing", async () => {
      const { code, out, err } = await run(args);
      assert.equal(code, 2);
      assert.equal(out, "");
      assert(err.endsWith(help.out));
      assert.match(err, /^config .+\n/);
    });
  }
});
