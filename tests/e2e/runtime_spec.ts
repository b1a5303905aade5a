import { SANDBOX_NODE } from "../../src/sandbox/sandbox_pods.ts";
import type { ImageConfig } from "./built_image.ts";
import { HOST_IP } from "./guarded_node.ts";
import type { ContainerSpec } from "./manifests.ts";
import { readSeccompProfile } from "./seccomp_profile.ts";

/** What a container is made of, beside its manifest. */
export interface RuntimeOptions {
  /** Name of the container, and of its control group. */
  readonly id: string;
  readonly image: ImageConfig;
  /** Folder of the container's files. */
  readonly rootfs: string;
  /** File that stands for the node's network. */
  readonly network: string;
  /** File or folder of each volume of the pod. */
  readonly volumes: Readonly<Record<string, string>>;
}

/** Says a container of a manifest as runc takes it, as a kubelet and its runtime would. */
export async function runtimeSpec(
  spec: ContainerSpec,
  { id, image, rootfs, network, volumes }: RuntimeOptions,
): Promise<unknown> {
  const { securityContext: security } = spec;
  const capabilities = security.capabilities.add.map((name) => `CAP_${name}`);
  const limit = spec.resources?.limits.memory;
  const env = Object.fromEntries(
    spec.env.map(({ name, valueFrom }) => [
      name,
      FIELDS[valueFrom.fieldRef.fieldPath] ?? "",
    ]),
  );
  return {
    ociVersion: "1.0.2",
    root: { path: rootfs, readonly: security.readOnlyRootFilesystem },
    process: {
      args: [...spec.command ?? image.Entrypoint, ...spec.args]
        .map((text) => expand(text, env)),
      env: [
        ...image.Env,
        ...Object.entries(env).map((each) => each.join("=")),
      ],
      cwd: "/",
      user: parseUser(image.User),
      // Only of its own: none are left to a command that is not root.
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
      },
      noNewPrivileges: !security.allowPrivilegeEscalation,
    },
    mounts: [
      ...SYSTEM_MOUNTS,
      ...spec.volumeMounts.map(({ name, mountPath, readOnly }) => ({
        destination: mountPath,
        type: "bind",
        source: volumes[name],
        options: ["rbind", readOnly === true ? "ro" : "rw"],
      })),
    ],
    linux: {
      namespaces: [
        { type: "pid" },
        { type: "ipc" },
        { type: "mount" },
        { type: "network", path: network },
      ],
      cgroupsPath: `/${id}`,
      resources: limit === undefined ? {} : { memory: { limit: bytes(limit) } },
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
      seccomp: await readSeccompProfile(capabilities),
    },
  };
}

/** What the kubelet knows of the pod. */
const FIELDS: Readonly<Record<string, string>> = {
  "spec.nodeName": SANDBOX_NODE,
  "status.hostIP": HOST_IP,
};

const SYSTEM_MOUNTS = [
  { destination: "/proc", type: "proc", source: "proc" },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/sys",
    type: "sysfs",
    source: "sysfs",
    options: ["nosuid", "noexec", "nodev", "ro"],
  },
];

/** As the kubelet does it; what it does not know it leaves as it is. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\((\w+)\)/g, (whole, name) => env[name] ?? whole);
}

function parseUser(
  user: string,
): { readonly uid: number; readonly gid: number } {
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(user) ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function bytes(quantity: string): number {
  const [, mebibytes] = /^(\d+)Mi$/.exec(quantity) ?? [];
  return Number(mebibytes) * 1_048_576;
}
