import assert from "node:assert/strict";
import { DETECTION_CASES } from "./conformance/detection_cases.ts";
import { type ConformanceCase, ConformanceNode } from "./conformance/node.ts";
import { PROXY_CASES, REFUSAL_CASES } from "./conformance/refusal_cases.ts";
import { TOKEN_CASES } from "./conformance/token_cases.ts";

/** The numbers of the protocol's conformance cases. */
const NUMBERS = [
  ...["C01", "C02", "C03", "C04", "C05", "C06", "C08", "C09", "C10", "C11"],
  ...["C12", "C14", "C15", "C16", "C17", "C18", "C20", "C21", "C23", "C24"],
  ...["C25", "C26", "C30", "C31", "C32", "C33", "C37", "C38", "C39", "C40"],
  ...[
    "C41",
    "C42",
    "C44",
    "C45",
    "C46",
    "C47",
    "C48",
    "C49",
    "C50",
    "C51",
    "C52",
  ],
  ...["C53", "C55", "C56", "C57", "C58", "C59", "C60", "C61", "C63", "C64"],
  ...["C65", "C66", "C68", "C70", "C71", "C72", "C73", "C76", "C77", "C78"],
  ...["C80", "C81", "C82", "C85", "C89", "C90", "C93"],
];

async function runCase(
  node: ConformanceNode,
  { asksUpstream, run }: ConformanceCase,
): Promise<void> {
  node.forget();
  await run(node);
  if (asksUpstream === undefined) assert.deepEqual(node.upstream, []);
}

for (const profile of ["gke", "standard"] as const) {
  const expose = `--metadata-expose=${profile}`;
  Deno.test(`the daemon keeps the protocol with metadata.expose ${profile}`, async (t) => {
    await using node = await ConformanceNode.start(expose);
    for (const one of [...DETECTION_CASES, ...REFUSAL_CASES]) {
      await t.step(`${one.id} ${one.title}`, () => runCase(node, one));
    }
  });
  Deno.test(`the daemon gives tokens as the protocol says with metadata.expose ${profile}`, async (t) => {
    for (const one of TOKEN_CASES) {
      await t.step(`${one.id} ${one.title}`, async () => {
        await using node = await ConformanceNode.start(expose);
        await runCase(node, one);
      });
    }
  });
}

Deno.test("the daemon proxies what the operator allows beside metadata.expose gke", async (t) => {
  await using node = await ConformanceNode.start(
    "--metadata-expose=gke",
    "--metadata-allow=instance/machine-type",
  );
  for (const one of PROXY_CASES) {
    await t.step(`${one.id} ${one.title}`, () => runCase(node, one));
  }
});

Deno.test("every conformance case of the protocol has a test", () => {
  const cases = [
    ...DETECTION_CASES,
    ...TOKEN_CASES,
    ...REFUSAL_CASES,
    ...PROXY_CASES,
  ];
  const ids = new Set(cases.map(({ id }) => id));
  assert.deepEqual([...ids].sort(), NUMBERS.toSorted());
});
