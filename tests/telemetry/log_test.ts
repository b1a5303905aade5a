import assert from "node:assert/strict";
import {
  createLog,
  describeError,
  type LogFields,
  type LogLevel,
  type LogOptions,
} from "../../src/telemetry/log.ts";

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

function write(
  fields: LogFields | undefined,
  options: Partial<LogOptions> = {},
): string {
  const lines: string[] = [];
  const log = createLog({
    format: "text",
    level: () => "debug",
    write: (line) => lines.push(line),
    now: () => nowMs,
    ...options,
  });
  log("info", "Message", fields);
  assert.equal(lines.length, 1);
  return lines.join("");
}

Deno.test("createLog() writes time, level, message and fields as text", () => {
  const line = write({
    account: "app@demo-proj.iam.gserviceaccount.com",
    status: 200,
    ok: true,
    left: undefined,
    path: "/a/b:c+d-e_f",
  });
  assert.equal(
    line,
    "2026-01-02T03:04:05.006Z INFO  Message " +
      "account=app@demo-proj.iam.gserviceaccount.com status=200 ok=true " +
      "path=/a/b:c+d-e_f\n",
  );
});

Deno.test("createLog() writes one JSON object a line", () => {
  const line = write({ status: 200, left: undefined, text: 'a "b"\n' }, {
    format: "json",
  });
  assert.equal(
    line,
    '{"time":"2026-01-02T03:04:05.006Z","level":"info","message":"Message",' +
      '"status":200,"text":"a \\"b\\"\\n"}\n',
  );
});

Deno.test("createLog() writes no fields where there are none", () => {
  assert.equal(write(undefined), "2026-01-02T03:04:05.006Z INFO  Message\n");
  assert.deepEqual(JSON.parse(write(undefined, { format: "json" })), {
    time: "2026-01-02T03:04:05.006Z",
    level: "info",
    message: "Message",
  });
});

/** Everything that a terminal, `splitlines` or a collector takes for an end of line or an order. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

Deno.test("createLog() lets no field forge a line or a field", async (t) => {
  const cases = [
    { name: "space", text: "a b" },
    { name: "next field", text: "a status=200" },
    { name: "equals sign", text: "a=b" },
    { name: "quote", text: 'a" status="200' },
    { name: "backslash", text: 'a\\" x="' },
    { name: "empty", text: "" },
    { name: "newline", text: "a\n2026-01-02T03:04:05.006Z INFO  Forged" },
    { name: "newline at the end", text: "a\n" },
    { name: "carriage return", text: "a\rb" },
    { name: "NUL", text: "a\u0000b" },
    { name: "terminal escape", text: "\u001b[2Ja" },
    { name: "delete", text: "a\u007f" },
    { name: "next line", text: "a\u0085b" },
    { name: "C1 control sequence", text: "\u009b2Ja" },
    { name: "line separator", text: "a\u2028b" },
    { name: "paragraph separator", text: "a\u2029b" },
    { name: "change of direction", text: "a\u202eb" },
    { name: "isolate", text: "a\u2066b" },
    { name: "half a surrogate pair", text: "a\ud800b" },
  ];
  for (const { name, text } of cases) {
    await t.step(`${name}, text`, () => {
      const line = write({ field: text, next: 1 });
      assert.ok(line.endsWith(" next=1\n"));
      assert.doesNotMatch(line.slice(0, -1), CONTROLS);
      const quoted = line.slice(
        line.indexOf("field=") + 6,
        -" next=1\n".length,
      );
      assert.equal(JSON.parse(quoted), text);
    });
    await t.step(`${name}, JSON`, () => {
      const line = write({ field: text }, { format: "json" });
      assert.doesNotMatch(line.slice(0, -1), CONTROLS);
      assert.equal(JSON.parse(line).field, text);
    });
  }
});

Deno.test("createLog() leaves text of other languages readable", () => {
  assert.ok(write({ field: "größer 東京" }).includes('field="größer 東京"'));
});

Deno.test("createLog() writes the wanted levels, as they are at the time", () => {
  const lines: string[] = [];
  let level: LogLevel = "warn";
  const log = createLog({
    format: "text",
    level: () => level,
    write: (line) => lines.push(line.slice(25).trim()),
    now: () => nowMs,
  });
  const all: readonly LogLevel[] = ["error", "warn", "info", "debug"];
  for (const one of all) log(one, "x");
  level = "debug";
  log("debug", "y");
  level = "error";
  log("warn", "z");
  assert.deepEqual(lines, ["ERROR x", "WARN  x", "DEBUG y"]);
});

Deno.test("describeError() joins the messages of an error and its causes", async (t) => {
  const inner = new Error("inner");
  const circle = new Error("circle");
  circle.cause = circle;
  const cases = [
    { name: "one", error: inner, text: "inner" },
    {
      name: "with cause",
      error: new Error("outer", { cause: inner }),
      text: "outer: inner",
    },
    {
      name: "without message",
      error: new TypeError("", { cause: inner }),
      text: "TypeError: inner",
    },
    { name: "text", error: "text", text: "text" },
    { name: "null", error: null, text: "null" },
    { name: "nothing", error: undefined, text: "" },
    {
      name: "cause that is no error",
      error: new Error("outer", { cause: 7 }),
      text: "outer: 7",
    },
    {
      name: "circle",
      error: circle,
      text: "circle: circle: circle: circle: circle",
    },
  ];
  for (const { name, error, text } of cases) {
    await t.step(name, () => assert.equal(describeError(error), text));
  }
});

Deno.test("createLog() survives that nobody reads the log", () => {
  const log = createLog({
    format: "text",
    level: () => "info",
    write: () => {
      throw new Deno.errors.BrokenPipe();
    },
    now: () => 0,
  });
  log("info", "Answered");
});
