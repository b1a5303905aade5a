import assert from "node:assert/strict";
import type { BuiltImage } from "./built_image.ts";
import { createNode, type Kind, METADATA, PODS } from "./guarded_node.ts";
import { type ContainerSpec, readConfig, readContainers } from "./manifests.ts";
import type { Network } from "./network.ts";
import { PodRuntime } from "./pod_runtime.ts";
import type { RunningContainer } from "./running_container.ts";

const ACCOUNT =
  `http://${METADATA}/computeMetadata/v1/instance/service-accounts/default`;
const SERVED = [
  { status: 200, body: "app@demo-proj.iam.gserviceaccount.com" },
  { status: 200, body: "billing@demo-proj.iam.gserviceaccount.com" },
];

/** What it is run with. */
export interface ImageNodeOptions {
  readonly image: BuiltImage;
  /** What sets the rules, as the node and the configuration say. */
  readonly kind: Kind;
}

/** A node with emulators of all that the daemon talks to, and the DaemonSet's pod on it. */
export class ImageNode implements AsyncDisposable {
  readonly network: Network;
  readonly #pod: PodRuntime;
  readonly #flags: readonly string[];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    network: Network,
    pod: PodRuntime,
    { flags, stack }: {
      readonly flags: readonly string[];
      readonly stack: AsyncDisposableStack;
    },
  ) {
    this.network = network;
    this.#pod = pod;
    this.#flags = flags;
    this.#stack = stack;
  }

  /** Makes the node; its rules are set by nobody yet. */
  static async create({ image, kind }: ImageNodeOptions): Promise<ImageNode> {
    await using making = new AsyncDisposableStack();
    const network = making.use(await createNode(kind));
    const file = await Deno.makeTempFile();
    making.defer(() => Deno.remove(file));
    const ips = PODS.map(({ ip }) => ip);
    await network.start("node", "sandbox_in_node.ts", file, ...ips);
    const flags = JSON.parse(await Deno.readTextFile(file));
    const folder = kind === "nftables" ? "overlays/nftables" : "base";
    const config = await readConfig(folder);
    const pod = making.use(await PodRuntime.create(image, network, config));
    return new ImageNode(network, pod, { flags, stack: making.move() });
  }

  /** Starts the init container, perhaps with something else than its manifest says. */
  async startGuard(
    change: Partial<ContainerSpec> = {},
  ): Promise<RunningContainer> {
    const { guard } = await readContainers();
    return await this.#pod.start({ ...guard, ...change });
  }

  /** Starts the daemon, which uses the emulators. */
  async startDaemon(
    change: Partial<ContainerSpec> = {},
  ): Promise<RunningContainer> {
    const { daemon } = await readContainers();
    const args = [...daemon.args, ...this.#flags];
    const command = daemon.command?.map((text) => this.#nameEmulators(text));
    assert.ok(command);
    return await this.#pod.start({ ...daemon, command, args, ...change });
  }

  /** Names the emulators in place of what they stand for, and no other host. */
  #nameEmulators(text: string): string {
    const hostOf = (flag: string): string =>
      this.#flags.find((each) => each.startsWith(flag))
        ?.replace(flag, "").replace("http://", "") ?? "";
    return text
      .replace(
        "$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)",
        hostOf("--api-server="),
      )
      .replace("169.254.169.254:80", hostOf("--metadata-addr="))
      .replace("iamcredentials.googleapis.com:443", hostOf("--iam-endpoint="));
  }

  /** Asks for a path below the default account in both pods. */
  async askAll(path: string): Promise<readonly unknown[]> {
    return await Promise.all(
      PODS.map(({ space }) => this.network.get(space, ACCOUNT + path)),
    );
  }

  /** Checks that each pod has its account, at one of some attempts. */
  async assertServed(attempts = 1): Promise<void> {
    let answers: readonly unknown[] = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      answers = await this.askAll("/email");
      if (JSON.stringify(answers) === JSON.stringify(SERVED)) return;
    }
    assert.deepEqual(answers, SERVED);
  }

  /** Checks that the real server is closed to pods, and nobody else answers. */
  async assertRefused(): Promise<void> {
    assert.deepEqual(await this.askAll("/email"), PODS.map(() => "refused"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}
