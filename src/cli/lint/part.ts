import type { YamlPath } from "../../config/yaml.ts";
import type { Place } from "./finding.ts";

/** One entry of `metadata.annotations`. */
export interface Annotation {
  /** Its key. */
  readonly key: string;
  /** Its value, which should be a text. */
  readonly value: unknown;
  /** Where the key stands. */
  readonly keyPlace: Place;
  /** Where the value begins. */
  readonly valuePlace: Place;
}

/**
 * What a part of a manifest is to the daemon: a pod or the template of one, a namespace,
 * something that makes pods without passing its own annotations on, or anything else.
 */
export type Role = "pod" | "namespace" | "controller" | "other";

/** A part of a manifest that has annotations of its own. */
export interface Part {
  /** What it is to the daemon. */
  readonly role: Role;
  /** What it is to people, such as `Deployment` or `pod template`. */
  readonly noun: string;
  /** The object, such as `Deployment shop/cart`. */
  readonly object: string;
  /** Where the part begins. */
  readonly place: Place;
  /** Name of the object. */
  readonly name: string;
  /** Namespace of the object, if it is known. */
  readonly namespace: string | undefined;
  /** Its metadata as plain data. */
  readonly metadata: unknown;
  /** Spec of the pod, if it is one. */
  readonly spec: unknown;
  /** Entries of `metadata.annotations`. */
  readonly annotations: readonly Annotation[];
  /** Where annotations stand that are no mapping. */
  readonly malformedAt: Place | undefined;
  /** Where the object has the annotations of its pods, if it makes any. */
  readonly podPath: YamlPath | undefined;
}

/**
 * Finds an annotation by its key.
 *
 * @param part Part of a manifest.
 * @param key Key.
 */
export function findAnnotation(
  { annotations }: Part,
  key: string,
): Annotation | undefined {
  return annotations.find((annotation) => annotation.key === key);
}
