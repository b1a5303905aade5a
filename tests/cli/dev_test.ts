import assert from "node:assert/strict";
import { dev } from "../../src/cli/dev.ts";
import { main } from "../../src/main.ts";
import { askAsPod } from "../pod_client.ts";
import { recordIo } from "./recorded_io.ts";

const EMAIL = "instance/service-accounts/default/email";

/** Runs the sandbox and its daemon; what it prints of things to try. */
async function withSandbox(
  work: (printed: string) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const printed = Promise.withResolvers<string>();
  const io = recordIo({ out: (text) => printed.resolve(text) });
  const running = dev(["--app-port=0", "--admin-port=0"], io, {
    stop: stop.signal,
  });
  try {
    await work(await printed.promise);
  } finally {
    stop.abort();
    assert.equal(await running, 0);
  }
}

function partOf(printed: string, pattern: RegExp): string {
  const [, part] = pattern.exec(printed) ?? [];
  assert.ok(part, `${pattern} is not in ${printed}`);
  return part;
}

Deno.test("dev prints commands that work", async () => {
  await withSandbox(async (printed) => {
    const port = Number(partOf(printed, /^Daemon http:\S+:(\d+),/m));
    const token = partOf(printed, /PATCH -H 'Authorization: Bearer (\S+)'/);
    const headers = { "Authorization": `Bearer ${token}` };

    const patched = await fetch(partOf(printed, /(http:\S+\/pods\/plain)$/m), {
      method: "PATCH",
      headers: { ...headers, "Content-Type": "application/merge-patch+json" },
      body: partOf(printed, / -d '(\{.*\})'/),
    });
    assert.equal(patched.status, 200, await patched.text());
    let answer = await askAsPod(port, { from: "127.0.0.12", path: EMAIL });
    // The daemon learns of it by an event.
    for (let left = 1_000; left > 0 && answer.status !== 200; left--) {
      answer = await askAsPod(port, { from: "127.0.0.12", path: EMAIL });
    }
    assert.equal(answer.body, "app@demo-proj.iam.gserviceaccount.com");

    const command = partOf(printed, /deno task start (explain .*)$/m);
    const io = recordIo();
    const code = await main(command.split(" "), io, {
      stop: AbortSignal.abort(),
    });
    assert.deepEqual([code, io.errText()], [3, ""]);
    assert.match(io.outText(), /DENIED namespace-denied/);

    const events = await fetch(partOf(printed, /(http:\S+\/events)$/m), {
      headers,
    });
    assert.equal(events.status, 200);
    assert.equal(Object(await events.json()).kind, "EventList");
  });
});
