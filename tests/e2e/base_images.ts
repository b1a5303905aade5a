import assert from "node:assert/strict";
import { must } from "./must.ts";

/** Debian release that the base images are made of. */
const CODENAME = "bookworm";

/** Tells what this machine lacks to build and run images; nothing if it can. */
export async function findMissingTools(): Promise<readonly string[]> {
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  const missing = release.includes(`VERSION_CODENAME=${CODENAME}\n`)
    ? []
    : [`the packages of ${CODENAME}`];
  for (const tool of ["buildah", "runc", "debootstrap"]) {
    const { success } = await new Deno.Command(tool, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).output().catch(() => ({ success: false }));
    if (!success) missing.push(tool);
  }
  return missing;
}

/** Runs buildah; it must succeed. Its standard output, trimmed. */
export type Buildah = (...args: readonly string[]) => Promise<string>;

/**
 * Makes the images that a Dockerfile is based on, under their own names, from this
 * machine's Deno and Debian's packages.
 *
 * @param dockerfile Text of the Dockerfile.
 * @param folder Folder where Debian's files are laid; the caller removes it.
 */
export async function makeBaseImages(
  buildah: Buildah,
  dockerfile: string,
  folder: string,
): Promise<void> {
  const [debian = "", binary = "", bundler = "", ...others] = listBases(
    dockerfile,
  ).sort();
  assert.match(debian, /^debian:12\.\d+-slim$/);
  assert.equal(bundler, `denoland/deno:debian-${Deno.version.deno}`);
  assert.equal(binary, `denoland/deno:bin-${Deno.version.deno}`);
  assert.deepEqual(others, []);
  await layDebian(folder);
  await commit(buildah, `library/${debian}`, {
    from: "scratch",
    copies: [[folder, "/"]],
  });
  const deno = Deno.execPath();
  await commit(buildah, bundler, {
    from: `docker.io/library/${debian}`,
    copies: [[deno, "/usr/bin/deno"]],
    env: "DENO_DIR=/deno-dir/",
  });
  await commit(buildah, binary, { from: "scratch", copies: [[deno, "/deno"]] });
}

/** The images of all FROM lines that are no stages, with the ARGs' defaults put in. */
function listBases(dockerfile: string): string[] {
  const defaults = new Map(
    Array.from(
      dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm),
      ([, name = "", value = ""]) => [name, value],
    ),
  );
  return Array.from(
    dockerfile.matchAll(/^FROM (?:--\S+ )?(\S+)/gm),
    ([, image = ""]) =>
      image.replace(/\$\{(\w+)\}/g, (_, name) => defaults.get(name) ?? ""),
  ).filter((image) => image !== "scratch");
}

interface Layer {
  readonly from: string;
  readonly copies: readonly (readonly [source: string, target: string])[];
  readonly env?: string;
}

async function commit(
  buildah: Buildah,
  name: string,
  { from, copies, env }: Layer,
): Promise<void> {
  const container = await buildah("from", "--pull-never", from);
  for (const copy of copies) await buildah("copy", container, ...copy);
  if (env !== undefined) await buildah("config", "--env", env, container);
  await buildah("commit", "--quiet", container, `docker.io/${name}`);
  await buildah("rm", container);
}

/** Lays a small Debian, whose packages come from where this machine's do. */
async function layDebian(folder: string): Promise<void> {
  const listed = await must("apt-get", [
    ...["indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"],
    ...["Created-By: Packages", "Component: main"],
  ]);
  const sources = listed.trim().split("\n")
    .filter((line) => line.split(" ")[1]?.startsWith(CODENAME));
  const main = sources.find((line) => line.split(" ")[1] === CODENAME);
  assert.ok(main, `apt knows no packages of ${CODENAME}: ${listed}`);
  const [mirror = ""] = main.split(" ");
  await must("debootstrap", ["--variant=minbase", CODENAME, folder, mirror]);
  const apt = `${folder}/etc/apt`;
  await Deno.writeTextFile(
    `${apt}/sources.list`,
    sources.map((source) => `deb ${source}\n`).join(""),
  );
  const settings = await must("apt-config", ["dump"]);
  const proxies = settings.split("\n").filter((line) =>
    /^Acquire::\S*Proxy/i.test(line)
  );
  await Deno.writeTextFile(`${apt}/apt.conf.d/proxies`, proxies.join("\n"));
  await must("cp", ["-r", "/etc/apt/trusted.gpg.d", apt]);
}
