import assert from "node:assert/strict";
import { readYaml } from "../../src/config/yaml.ts";

const DEPLOY = new URL("../../deploy/kustomize/", import.meta.url);

/** A container of the DaemonSet, as far as a runtime looks at it. */
export interface ContainerSpec {
  /** Instead of the image's own. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly startupProbe?: {
    readonly exec: { readonly command: readonly string[] };
  };
  readonly resources?: { readonly limits: { readonly memory: string } };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: {
      readonly drop: readonly string[];
      readonly add: readonly string[];
    };
    readonly seccompProfile: { readonly type: string };
  };
}

/** The DaemonSet's containers: what runs first, and what stays. */
export async function readContainers(): Promise<
  { readonly guard: ContainerSpec; readonly daemon: ContainerSpec }
> {
  const { spec } = await readManifest("base/daemonset.yaml");
  const { initContainers, containers } = spec.template.spec;
  assert.ok(spec.template.spec.hostNetwork);
  assert.equal(initContainers.length + containers.length, 2);
  return { guard: initContainers[0], daemon: containers[0] };
}

/** The configuration of a ConfigMap, such as `base` or `overlays/nftables`. */
export async function readConfig(folder: string): Promise<string> {
  const { data } = await readManifest(`${folder}/configmap.yaml`);
  return data["config.yaml"];
}

// deno-lint-ignore no-explicit-any
async function readManifest(path: string): Promise<any> {
  const read = readYaml(await Deno.readTextFile(new URL(path, DEPLOY)));
  assert.equal(read.outcome, "read");
  return read.value;
}
