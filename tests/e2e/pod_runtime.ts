import type { BuiltImage } from "./built_image.ts";
import type { ContainerSpec } from "./manifests.ts";
import type { Network } from "./network.ts";
import { RunningContainer } from "./running_container.ts";
import { runtimeSpec } from "./runtime_spec.ts";

/** Runs containers of the DaemonSet's pod in a node's network. */
export class PodRuntime implements AsyncDisposable {
  readonly #image: BuiltImage;
  readonly #network: Network;
  readonly #folder: string;
  readonly #started: RunningContainer[] = [];

  private constructor(image: BuiltImage, network: Network, folder: string) {
    this.#image = image;
    this.#network = network;
    this.#folder = folder;
  }

  /** Makes the pod's volumes; the network has the lock, and `config` is the ConfigMap's text. */
  static async create(
    image: BuiltImage,
    network: Network,
    config: string,
  ): Promise<PodRuntime> {
    const folder = await Deno.makeTempDir({ prefix: "pod" });
    await Deno.mkdir(`${folder}/config`);
    await Deno.mkdir(`${folder}/run`);
    await Deno.writeTextFile(`${folder}/config/config.yaml`, config);
    return new PodRuntime(image, network, folder);
  }

  /** Starts a container, with files of its own. */
  async start(spec: ContainerSpec): Promise<RunningContainer> {
    const id = `saassigner-${crypto.randomUUID()}`;
    const bundle = `${this.#folder}/${id}`;
    await Deno.mkdir(bundle);
    const json = await runtimeSpec(spec, {
      id,
      image: this.#image.config,
      rootfs: await this.#image.layRootfs(),
      network: this.#network.fileOf("node"),
      volumes: {
        config: `${this.#folder}/config`,
        run: `${this.#folder}/run`,
        "xtables-lock": this.#network.lockFile,
      },
    });
    await Deno.writeTextFile(`${bundle}/config.json`, JSON.stringify(json));
    const state = `${this.#folder}/state`;
    const container = RunningContainer.start(id, { bundle, state });
    this.#started.push(container);
    return container;
  }

  /** Ends what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#started) {
      await container[Symbol.asyncDispose]();
    }
    await Deno.remove(this.#folder, { recursive: true });
  }
}
