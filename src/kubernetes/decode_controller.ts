import type {
  Controller,
  ControllerKind,
  Misplaced,
  OwnerRef,
} from "../core/controller.ts";
import { isRecord } from "../core/record.ts";
import type { AnnotationKeys } from "./decode.ts";

/**
 * Takes from an object what controls it.
 *
 * @param object Decoded JSON of a pod or controller.
 * @returns The controller among its owners; `undefined` if there is none. The node that a
 * static pod belongs to is none.
 */
export function decodeOwner(object: unknown): OwnerRef | undefined {
  const owners = at(object, ["metadata", "ownerReferences"]);
  const owner: unknown = Array.isArray(owners)
    ? owners.find((each) => at(each, ["controller"]) === true)
    : undefined;
  const kind = textAt(owner, "kind");
  const name = textAt(owner, "name");
  if (kind === "" || name === "" || kind === "Node") return undefined;
  const apiVersion = textAt(owner, "apiVersion");
  return {
    kind,
    group: apiVersion.includes("/") ? apiVersion.split("/")[0] ?? "" : "",
    name,
    uid: textAt(owner, "uid"),
  };
}

/**
 * Takes from a controller what tells whether its pods get their annotations.
 *
 * @param object Decoded JSON of the controller.
 * @param type Its kind.
 * @param keys Annotation keys.
 * @returns The controller, or `undefined` if the object has no name.
 */
export function decodeController(
  object: unknown,
  type: ControllerKind,
  keys: AnnotationKeys,
): Controller | undefined {
  const metadata = at(object, ["metadata"]);
  const name = textAt(metadata, "name");
  const namespace = textAt(metadata, "namespace");
  if (name === "" || namespace === "") return undefined;
  return {
    type,
    namespace,
    name,
    uid: textAt(metadata, "uid"),
    owner: decodeOwner(object),
    isFinished: type.kind === "Job" && hasEnded(object),
    misplaced: findMisplaced(object, type, keys),
  };
}

function findMisplaced(
  object: unknown,
  { template, others }: ControllerKind,
  { serviceAccount, scopes }: AnnotationKeys,
): Misplaced | undefined {
  const ofPods = annotationsAt(object, template);
  if (Object.hasOwn(ofPods, serviceAccount)) return undefined;
  for (const path of others) {
    const annotations = annotationsAt(object, path);
    if (typeof annotations[serviceAccount] !== "string") continue;
    const misplaced = [serviceAccount, scopes].flatMap((key) => {
      const value = annotations[key];
      return typeof value === "string" && !Object.hasOwn(ofPods, key)
        ? [[key, value] as const]
        : [];
    });
    return {
      at: [...path, "metadata", "annotations"].join("."),
      annotations: Object.fromEntries(misplaced),
      accountKey: serviceAccount,
      scopesKey: scopes,
    };
  }
  return undefined;
}

function hasEnded(job: unknown): boolean {
  const conditions = at(job, ["status", "conditions"]);
  return Array.isArray(conditions) &&
    conditions.some((each) =>
      ["Complete", "Failed"].includes(textAt(each, "type")) &&
      textAt(each, "status") === "True"
    );
}

function annotationsAt(
  object: unknown,
  path: readonly string[],
): Readonly<Record<string, unknown>> {
  const value = at(object, [...path, "metadata", "annotations"]);
  return isRecord(value) ? value : {};
}

function textAt(object: unknown, key: string): string {
  const value = at(object, [key]);
  return typeof value === "string" ? value : "";
}

function at(object: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (inside, key) =>
      isRecord(inside) && Object.hasOwn(inside, key) ? inside[key] : undefined,
    object,
  );
}
