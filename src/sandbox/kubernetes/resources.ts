import { isJsonObject, type JsonObject, textAt, valueAt } from "./json.ts";

/** A resource that the emulated API server holds, named as in its paths. */
export type ResourceName =
  | "pods"
  | "namespaces"
  | "events"
  | "nodes"
  | ControllerName;

/** A resource that makes pods of a template. */
export type ControllerName =
  | "deployments"
  | "statefulsets"
  | "daemonsets"
  | "replicasets"
  | "jobs"
  | "cronjobs";

/** What the emulated API server knows of one type of object. */
export interface ResourceType {
  /** Name in paths and rules. */
  readonly resource: ResourceName;
  /** API group; empty for the core. */
  readonly group: string;
  /** Kind of one object. */
  readonly kind: string;
  /** Whether objects live in a namespace or in the whole cluster. */
  readonly scope: "namespace" | "cluster";
  /** Fields that a field selector may name, each with its reader. */
  readonly fields: ReadonlyMap<string, (object: JsonObject) => string>;
}

/** Names one object. */
export interface ObjectRef {
  /** Type of the object. */
  readonly resource: ResourceName;
  /** Namespace; left out for objects of the whole cluster. */
  readonly namespace?: string;
  /** Name. */
  readonly name: string;
}

/** Makes the type of a resource that makes pods. */
function controllerType(
  resource: ControllerName,
  group: "apps" | "batch",
  kind: string,
): ResourceType {
  return {
    resource,
    group,
    kind,
    scope: "namespace",
    fields: new Map(plainFields(["metadata.name", "metadata.namespace"])),
  };
}

/** Every type of object, by resource name. */
export const RESOURCE_TYPES: Readonly<Record<ResourceName, ResourceType>> = {
  pods: {
    resource: "pods",
    group: "",
    kind: "Pod",
    scope: "namespace",
    fields: new Map([
      ...plainFields([
        "metadata.name",
        "metadata.namespace",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.phase",
        "spec.restartPolicy",
      ]),
      [
        "spec.hostNetwork",
        (pod) => String(valueAt(pod, "spec.hostNetwork") === true),
      ],
      ["status.podIP", firstPodIp],
    ]),
  },
  namespaces: {
    resource: "namespaces",
    group: "",
    kind: "Namespace",
    scope: "cluster",
    fields: new Map(plainFields(["metadata.name", "status.phase"])),
  },
  events: {
    resource: "events",
    group: "events.k8s.io",
    kind: "Event",
    scope: "namespace",
    fields: new Map(
      plainFields([
        "metadata.name",
        "metadata.namespace",
        "reason",
        "type",
        "regarding.name",
        "regarding.uid",
      ]),
    ),
  },
  nodes: {
    resource: "nodes",
    group: "",
    kind: "Node",
    scope: "cluster",
    fields: new Map(plainFields(["metadata.name"])),
  },
  deployments: controllerType("deployments", "apps", "Deployment"),
  statefulsets: controllerType("statefulsets", "apps", "StatefulSet"),
  daemonsets: controllerType("daemonsets", "apps", "DaemonSet"),
  replicasets: controllerType("replicasets", "apps", "ReplicaSet"),
  jobs: controllerType("jobs", "batch", "Job"),
  cronjobs: controllerType("cronjobs", "batch", "CronJob"),
};

/**
 * Finds the type of a resource name.
 *
 * @param resource Name as it stands in a path.
 * @param group API group that the path names; empty for the core.
 * @returns The type, or `undefined` if there is no such resource.
 */
export function typeOfResource(
  resource: string,
  group: string,
): ResourceType | undefined {
  return Object.values(RESOURCE_TYPES).find((type) =>
    type.resource === resource && type.group === group
  );
}

/**
 * Tells where a type's objects have the template of their pods.
 *
 * @param type The type.
 * @returns Path such as `spec.template`, or `undefined` if they make none.
 */
export function templatePathOf(
  { group, resource }: ResourceType,
): string | undefined {
  if (group !== "apps" && group !== "batch") return undefined;
  return resource === "cronjobs"
    ? "spec.jobTemplate.spec.template"
    : "spec.template";
}

/**
 * Tells the `apiVersion` of a type's objects.
 *
 * @param type The type.
 */
export function apiVersionOf({ group }: ResourceType): string {
  return group === "" ? "v1" : `${group}/v1`;
}

/**
 * Finds the type of a kind.
 *
 * @param kind Kind as it stands in an object.
 * @returns The type, or `undefined` if there is no such kind.
 */
export function typeOfKind(kind: string): ResourceType | undefined {
  return Object.values(RESOURCE_TYPES).find((type) => type.kind === kind);
}

function plainFields(
  paths: readonly string[],
): [string, (object: JsonObject) => string][] {
  return paths.map((path) => [path, (object) => textAt(object, path)]);
}

/** The server converts `podIP` to `podIPs` on decoding and selects on the first. */
function firstPodIp(pod: JsonObject): string {
  const addresses = valueAt(pod, "status.podIPs");
  const first = Array.isArray(addresses) ? addresses[0] : undefined;
  return isJsonObject(first)
    ? textAt(first, "ip")
    : textAt(pod, "status.podIP");
}
