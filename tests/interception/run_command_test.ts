import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createRunCommand } from "../../src/interception/run_command.ts";

const run = createRunCommand();
const TIMEOUT = { timeoutMs: 20_000 };
const PROBE = fileURLToPath(new URL("missing_tool_probe.ts", import.meta.url));

Deno.test("createRunCommand() gives input and returns what came out", async () => {
  const script = "cat; echo wrong >&2; exit 3";
  assert.deepEqual(
    await run("sh", ["-c", script], { ...TIMEOUT, input: "in\n" }),
    { code: 3, stdout: "in\n", stderr: "wrong\n" },
  );
});

Deno.test("createRunCommand() takes no harm from a command that does not read", async () => {
  const { code } = await run("sh", ["-c", "exec <&-; exit 2"], {
    ...TIMEOUT,
    input: "x".repeat(1_000_000),
  });
  assert.equal(code, 2);
});

Deno.test("createRunCommand() kills a command that takes too long", async () => {
  await assert.rejects(
    run("sleep", ["60"], { timeoutMs: 20 }),
    {
      name: "InterceptionError",
      message: "sleep did not end within 0.02 seconds",
    },
  );
});

Deno.test("createRunCommand() says that a command is missing", async () => {
  await assert.rejects(run("no-such-tool", [], TIMEOUT), {
    name: "InterceptionError",
    message: "no-such-tool is not installed, or not in PATH",
  });
});

Deno.test("Interception.apply() says that the tool is missing or not permitted", async (t) => {
  const folder = await Deno.makeTempDir();
  const cases = [
    {
      name: "missing",
      allowRun: "--allow-run=nft,iptables,ip6tables",
      path: "/nonexistent",
      reason: "is not installed, or not in PATH",
    },
    {
      name: "not permitted",
      allowRun: "--allow-run=other",
      path: folder,
      reason: "may not be run: it is not among the commands of --allow-run",
    },
  ];
  try {
    for (const tool of ["nft", "iptables", "ip6tables"]) {
      await Deno.writeTextFile(`${folder}/${tool}`, "", { mode: 0o755 });
    }
    for (const { name, allowRun, path, reason } of cases) {
      await t.step(name, async () => {
        const { stdout } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--no-prompt", allowRun, PROBE],
          env: { PATH: path },
        }).output();
        assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
          nftables: failed([`nft ${reason}`]),
          iptables: failed([`iptables ${reason}`, `ip6tables ${reason}`]),
        });
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function failed(messages: readonly string[]): unknown {
  return {
    error: `InterceptionError: ${messages[0]}`,
    state: {
      ok: false,
      detail: messages.join("; "),
      drifts: 0,
      repairs: 0,
      isSuperseded: false,
    },
  };
}
