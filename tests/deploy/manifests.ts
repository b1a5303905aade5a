import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import { runTool, type ToolOutput } from "./tools.ts";

/** Folder of everything that deploys the daemon. */
export const DEPLOY: URL = new URL("../../deploy/", import.meta.url);

const CHART = new URL("helm/k8s-gke-service-account-assigner/", DEPLOY);

/** A Kubernetes object, as far as every one is alike. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // deno-lint-ignore no-explicit-any
  readonly [field: string]: any;
}

/** Parses YAML of any number of documents; empty ones are left out. */
export function parseManifests(yaml: string): readonly Manifest[] {
  const documents = parseAllDocuments(yaml);
  assert.ok(Array.isArray(documents));
  assert.deepEqual(documents.flatMap(({ errors }) => errors), []);
  return documents.map((document) => document.toJS()).filter((object) =>
    object !== null
  );
}

/**
 * Parses YAML of one document.
 *
 * @returns Its value, which may be anything.
 */
// deno-lint-ignore no-explicit-any
export function parseYaml(yaml: string): any {
  return parse(yaml);
}

/** Reads the objects of a file in `deploy`. */
export async function readManifests(
  path: string,
): Promise<readonly Manifest[]> {
  return parseManifests(await Deno.readTextFile(new URL(path, DEPLOY)));
}

/** Names of what a folder in `deploy` holds, in order. */
export async function namesIn(path: string): Promise<readonly string[]> {
  const entries = Deno.readDir(new URL(path, DEPLOY));
  return (await Array.fromAsync(entries, ({ name }) => name)).sort();
}

/** Renders a kustomization in `deploy`. A warning is an error. */
export async function renderKustomization(
  path: string,
): Promise<readonly Manifest[]> {
  const args = ["kustomize", new URL(path, DEPLOY).pathname];
  return parseManifests(outputOf(await runTool("kubectl", args)));
}

/** What {@linkcode renderChart} sets: values as a file of values has them. */
export type Values = Readonly<Record<string, unknown>>;

/** Renders the chart, as `helm install --namespace kube-system` would. */
export async function renderChart(
  values: Values = {},
): Promise<readonly Manifest[]> {
  return parseManifests(outputOf(await runHelm(values)));
}

/** Error of a chart that is not to be rendered with these values. */
export async function chartError(values: Values): Promise<string> {
  const { success, stderr } = await runHelm(values);
  assert.ok(!success, "The chart takes the values");
  return stderr;
}

async function runHelm(values: Values): Promise<ToolOutput> {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, JSON.stringify(values));
    return await runTool("helm", [
      "template",
      "release",
      CHART.pathname,
      "--namespace=kube-system",
      `--values=${file}`,
    ]);
  } finally {
    await Deno.remove(file);
  }
}

/** Has helm look for what is unusual in the chart. */
export async function lintChart(): Promise<string> {
  return outputOf(await runTool("helm", ["lint", "--strict", CHART.pathname]));
}

function outputOf({ success, stdout, stderr }: ToolOutput): string {
  assert.ok(success, `${stderr}${stdout}`);
  assert.equal(stderr, "");
  return stdout;
}
