import { fileURLToPath } from "node:url";
import { type Buildah, makeBaseImages } from "./base_images.ts";
import { must } from "./must.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NAME = "localhost/saassigner:test";

/** What an image says of how it is to be run. */
export interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly User: string;
}

/** The image of this project's Dockerfile, built without any registry of images. */
export class BuiltImage implements AsyncDisposable {
  /** Folder of the image's files, to be looked at. */
  readonly rootfs: string;
  readonly config: ImageConfig;
  readonly #buildah: Buildah;
  readonly #folder: string;

  private constructor(
    rootfs: string,
    config: ImageConfig,
    buildah: Buildah,
    folder: string,
  ) {
    this.rootfs = rootfs;
    this.config = config;
    this.#buildah = buildah;
    this.#folder = folder;
  }

  /** Builds it; about a minute, most of it for the base images. */
  static async build(
    args: Readonly<Record<string, string>>,
  ): Promise<BuiltImage> {
    const folder = await Deno.makeTempDir({ prefix: "image" });
    const store = [`--root=${folder}/store`, `--runroot=${folder}/run`];
    const buildah: Buildah = async (...args) =>
      (await must("buildah", [...store, ...args])).trim();
    try {
      const dockerfile = await Deno.readTextFile(`${ROOT}/Dockerfile`);
      await makeBaseImages(buildah, dockerfile, `${folder}/debian`);
      const buildArgs = Object.entries(args)
        .map(([name, value]) => `--build-arg=${name}=${value}`);
      await buildah(
        // Another isolation would set rules in this machine's own tables.
        ...["bud", "--isolation=chroot", "--pull-never", `--tag=${NAME}`],
        ...buildArgs,
        `--volume=${await warmCache(folder)}:/deno-dir`,
        ROOT,
      );
      const rootfs = await mount(buildah);
      const text = await buildah("inspect", "--type=image", NAME);
      const { config } = JSON.parse(text).OCIv1;
      return new BuiltImage(rootfs, config, buildah, folder);
    } catch (error) {
      await remove(buildah, folder);
      throw error;
    }
  }

  /** Makes the files of a new container; its folder. */
  async layRootfs(): Promise<string> {
    return await mount(this.#buildah);
  }

  /** Size of all files, in bytes. */
  async size(): Promise<number> {
    const text = await must("du", ["--summarize", "--bytes", this.rootfs]);
    return parseInt(text);
  }

  /** Paths of all files, from the root of the image. */
  async listFiles(): Promise<readonly string[]> {
    const text = await must("find", [this.rootfs, "-not", "-type", "d"]);
    return text.trimEnd().split("\n")
      .map((path) => path.slice(this.rootfs.length));
  }

  /** Removes the image, and all that it was made of. */
  async [Symbol.asyncDispose](): Promise<void> {
    await remove(this.#buildah, this.#folder);
  }
}

/** Gets what the build needs of the npm registry, as this machine is set up; where it is kept. */
async function warmCache(folder: string): Promise<string> {
  await must(Deno.execPath(), [
    ...["bundle", "--quiet", `--config=${ROOT}/deno.json`],
    ...[`--output=${folder}/bundle.js`, `${ROOT}/src/main.ts`],
  ]);
  const info = await must(Deno.execPath(), ["info", "--json"]);
  return JSON.parse(info).denoDir;
}

async function mount(buildah: Buildah): Promise<string> {
  return await buildah("mount", await buildah("from", "--pull-never", NAME));
}

async function remove(buildah: Buildah, folder: string): Promise<void> {
  await buildah("umount", "--all");
  await buildah("rm", "--all");
  // Overlays that are mounted until then cannot be removed.
  await Deno.remove(folder, { recursive: true });
}
