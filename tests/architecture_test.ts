import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** Folders that the files of each folder may import, besides their own. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ["core", "telemetry"],
  kubernetes: ["core", "telemetry"],
  google: ["core", "telemetry"],
  tokens: ["core", "telemetry"],
  metadata: ["core", "telemetry"],
  interception: ["core", "telemetry"],
  admin: ["core", "telemetry"],
  telemetry: ["core"],
  sandbox: ["core", "telemetry"],
};

/** What would tie the pure core to the world. */
const IMPURE =
  /\b(Deno|fetch|setTimeout|setInterval|console|performance|localStorage|process)\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bcrypto\.(?!subtle)|from "node:/;

interface SourceFile {
  /** Path relative to `src`. */
  readonly path: string;
  /** Text without comments. */
  readonly code: string;
  /** What it imports: paths relative to `src`, or names of packages. */
  readonly imports: readonly string[];
}

function* walk(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* walk(path);
    else if (path.endsWith(".ts")) yield path;
  }
}

function read(path: string): SourceFile {
  const code = Deno.readTextFileSync(path)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
  const imports = [...code.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)]
    .map(([, specifier = ""]) =>
      specifier.startsWith(".")
        ? relative(SRC, join(dirname(path), specifier))
        : specifier
    );
  return { path: relative(SRC, path), code, imports };
}

const FILES: readonly SourceFile[] = [...walk(SRC)].map(read);

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

Deno.test("architecture: every folder imports only what it may", () => {
  const broken: string[] = [];
  for (const { path, imports } of FILES) {
    const allowed = ALLOWED[folderOf(path)];
    if (allowed === undefined) continue;
    for (const target of imports) {
      const folder = folderOf(target);
      const isOwn = !target.endsWith(".ts") || folder === folderOf(path);
      if (!isOwn && !allowed.includes(folder)) {
        broken.push(`${path} imports ${target}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("architecture: only cli, main and daemon are outside the table", () => {
  const unknown = FILES.map(({ path }) => path).filter((path) =>
    ALLOWED[folderOf(path)] === undefined && folderOf(path) !== "cli" &&
    folderOf(path) !== "daemon" && path !== "main.ts"
  );
  assert.deepEqual(unknown, []);
});

Deno.test("architecture: core is pure", () => {
  const impure = FILES
    .filter(({ path }) => folderOf(path) === "core")
    .flatMap(({ path, code }) => {
      const found = IMPURE.exec(
        code.replace(
          /"(?:[^"\\]|\\.)*"/g,
          (text) => /^"node:/.test(text) ? text : '""',
        ),
      );
      return found === null ? [] : [`${path}: ${found[0]}`];
    });
  assert.deepEqual(impure, []);
});

Deno.test("architecture: each npm package is imported in one file", () => {
  const importers = new Map<string, string[]>();
  for (const { path, imports } of FILES) {
    for (const target of new Set(imports)) {
      if (
        target.endsWith(".ts") || target.endsWith(".json") ||
        target.startsWith("node:")
      ) continue;
      importers.set(target, [...importers.get(target) ?? [], path]);
    }
  }
  const shared = [...importers].filter(([, files]) => files.length > 1);
  assert.deepEqual(shared, []);
});

Deno.test("architecture: nothing loads client-node before a kubeconfig is to be read", () => {
  const reader = "kubernetes/kubeconfig_connection.ts";
  const eager = FILES
    .filter(({ imports }) => imports.includes(reader))
    .filter(({ code }) =>
      /import (?!type\b)[^;]*from "[^"]*\/kubeconfig_connection\.ts"/.test(code)
    )
    .map(({ path }) => path);
  assert.deepEqual(eager, []);
});

Deno.test("architecture: main.ts never reaches the sandbox", () => {
  const byPath = new Map(FILES.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const target of byPath.get(path)?.imports ?? []) visit(target);
  };
  visit("main.ts");
  assert.ok(reached.has("daemon/daemon.ts"));
  assert.deepEqual(
    [...reached].filter((path) => folderOf(path) === "sandbox"),
    [],
  );
});

Deno.test("architecture: the process is read at the entry points only", () => {
  const readers = FILES
    .filter(({ path }) => path !== "main.ts" && folderOf(path) !== "cli")
    .filter(({ code }) =>
      /\bDeno\.(exit|env|args|addSignalListener)\b|\bprocess\./.test(code)
    )
    .map(({ path }) => path);
  assert.deepEqual(readers, []);
});

Deno.test("architecture: the top level holds what it should", () => {
  const root = join(SRC, "..");
  const hidden = (name: string): boolean =>
    name.startsWith(".") || name === "coverage";
  const names = [...Deno.readDirSync(root)].map(({ name }) => name).filter((
    name,
  ) => !hidden(name));
  assert.deepEqual(names.sort(), [
    "Dockerfile",
    "LICENSE",
    "README.md",
    "config.example.yaml",
    "deno.json",
    "deno.lock",
    "deploy",
    "src",
    "tests",
  ]);
});
