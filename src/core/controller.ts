import { isAccountEmail } from "./account.ts";
import { parseScopes } from "./scopes.ts";

/** A built-in kind that makes pods, and gives them the annotations of its template alone. */
export interface ControllerKind {
  /** Kind of one object. */
  readonly kind: string;
  /** API group. */
  readonly group: string;
  /** Name in paths and rules. */
  readonly resource: string;
  /** Where the pod template is. */
  readonly template: readonly string[];
  /** Where else it has metadata. */
  readonly others: readonly (readonly string[])[];
}

const TEMPLATE: readonly string[] = ["spec", "template"];

/** The built-in kinds of the groups `apps` and `batch`. */
export const CONTROLLER_KINDS: readonly ControllerKind[] = [
  ...[
    { kind: "Deployment", group: "apps", resource: "deployments" },
    { kind: "StatefulSet", group: "apps", resource: "statefulsets" },
    { kind: "DaemonSet", group: "apps", resource: "daemonsets" },
    { kind: "ReplicaSet", group: "apps", resource: "replicasets" },
    { kind: "Job", group: "batch", resource: "jobs" },
  ].map((each) => ({ ...each, template: TEMPLATE, others: [[]] })),
  {
    kind: "CronJob",
    group: "batch",
    resource: "cronjobs",
    template: ["spec", "jobTemplate", ...TEMPLATE],
    others: [[], ["spec", "jobTemplate"]],
  },
];

/** Names what controls an object, by its owner references. */
export interface OwnerRef {
  /** Kind, such as `ReplicaSet`. */
  readonly kind: string;
  /** API group; empty for the core one. */
  readonly group: string;
  /** Name; it is in the same namespace. */
  readonly name: string;
  /** Identity. */
  readonly uid: string;
}

/** What is to be known of a controller. */
export interface Controller {
  /** Its kind. */
  readonly type: ControllerKind;
  /** Its namespace. */
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  /** Identity. */
  readonly uid: string;
  /** What controls it, as a Deployment does a ReplicaSet. */
  readonly owner: OwnerRef | undefined;
  /** Whether it is a Job that has ended, and makes no pods any more. */
  readonly isFinished: boolean;
  /** Annotations for pods that its pods do not get; `undefined` if it has the account in its template, or nowhere. */
  readonly misplaced: Misplaced | undefined;
}

/** Annotations beside a pod template, where they have no effect. */
export interface Misplaced {
  /** Where they are, such as `metadata.annotations`. */
  readonly at: string;
  /** They by key, the account among them. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Key of the account's. */
  readonly accountKey: string;
  /** Key of the scopes'. */
  readonly scopesKey: string;
}

/**
 * Finds the kind that an owner reference names.
 *
 * @param owner The reference.
 * @returns The kind, or `undefined` if it is no built-in one.
 */
export function controllerKindOf(
  { kind, group }: Pick<OwnerRef, "kind" | "group">,
): ControllerKind | undefined {
  return CONTROLLER_KINDS.find((each) =>
    each.kind === kind && each.group === group
  );
}

/**
 * Says where a controller has the annotations of its pods.
 *
 * @param type Its kind.
 * @returns Path such as `spec.template.metadata.annotations`.
 */
export function templateAnnotations({ template }: ControllerKind): string {
  return [...template, "metadata", "annotations"].join(".");
}

/**
 * Tells an operator how to move annotations to where they have an effect.
 *
 * @param controller What has them.
 * @param misplaced They.
 * @returns A sentence, with the command where one does it; without a final period.
 */
export function adviseToMove(
  { type, namespace, name }: Controller,
  { at, annotations, accountKey, scopesKey }: Misplaced,
): string {
  const move = `Move ${accountKey} from ${at} to ${
    templateAnnotations(type)
  } of the ${type.kind} ${name}`;
  // The template of a Job cannot be changed.
  if (type.kind === "Job") return `${move}, and make the Job anew`;
  const scopes = annotations[scopesKey];
  const isWellFormed = isAccountEmail(annotations[accountKey]?.trim() ?? "") &&
    (scopes === undefined || parseScopes(scopes) !== undefined);
  if (!isWellFormed) return move;
  const path = [...type.template, "metadata", "annotations"];
  const patch = path.reduceRight<unknown>(
    (inner, key) => ({ [key]: inner }),
    annotations,
  );
  const quoted = JSON.stringify(patch).replaceAll("'", `'\\''`);
  const command = `${move}: kubectl patch ${type.kind.toLowerCase()} ${name} ` +
    `--namespace ${namespace} --type merge --patch '${quoted}'`;
  return type.kind === "ReplicaSet"
    ? `${command}, and delete its pods`
    : command;
}
