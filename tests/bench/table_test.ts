import assert from "node:assert/strict";
import { formatTable } from "./table.ts";

const TABLE = formatTable([
  {
    what: "Throughput",
    unit: "requests/s",
    values: [12_345.6, 12_000, 13_000],
  },
  { what: "p99", unit: "ms", values: [0.512, 0.4, 20.04] },
  {
    what: "Beside the bare handler",
    unit: "ratio",
    values: [0.805],
    target: { least: 0.8 },
  },
  { what: "Memory", unit: "MiB", values: [76.24], target: { most: 75 } },
]);

Deno.test("table: values with units, targets, and whether they are met", () => {
  assert.equal(
    TABLE,
    [
      "| What                    | Median            | Min–Max       | Target   | Met |",
      "| ----------------------- | ----------------- | ------------- | -------- | --- |",
      "| Throughput              | 12,346 requests/s | 12,000–13,000 |          |     |",
      "| p99                     | 0.51 ms           | 0.40–20.0     |          |     |",
      "| Beside the bare handler | 0.81              | 0.81–0.81     | ≥ 0.80   | yes |",
      "| Memory                  | 76.2 MiB          | 76.2–76.2     | ≤ 75 MiB | no  |",
    ].join("\n"),
  );
});

Deno.test("table: deno fmt leaves it as it is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/table.md`;
    await Deno.writeTextFile(file, `${TABLE}\n`);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["fmt", "--no-config", "--check", file],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
