import assert from "node:assert/strict";
import { readImageTelemetry, telemetryIn } from "./image_environment.ts";
import { readV8Flags, v8FlagsIn } from "./runtime_flags.ts";

Deno.test("image settings: flags of V8 and of nothing else", () => {
  assert.deepEqual(
    v8FlagsIn(
      "#!/usr/bin/env -S deno run --quiet --v8-flags=--a,--b --v8-flags=--c\n",
    ),
    ["--v8-flags=--a,--b", "--v8-flags=--c"],
  );
});

Deno.test("image settings: variables of OpenTelemetry, on the first line and later", () => {
  const text = "ENV OTEL_A=1 \\\n    PATH=/bin \\\n    OTEL_B=x\n# OTEL_C=2\n";
  assert.deepEqual(telemetryIn(text), { OTEL_A: "1", OTEL_B: "x" });
});

Deno.test("image settings: the image has both", async () => {
  assert.notDeepEqual(await readV8Flags(), []);
  assert.equal((await readImageTelemetry())["OTEL_PROPAGATORS"], "none");
});
