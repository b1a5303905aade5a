import { parseAllowList } from "../core/allow_list.ts";
import { canonicalAddress } from "../core/address.ts";
import { findMisspeltKey } from "../core/annotation_key.ts";
import type { Namespace } from "../core/namespace_index.ts";
import type { Pod } from "../core/pod.ts";
import { isRecord } from "../core/record.ts";

/** Keys of the annotations that the daemon reads. */
export interface AnnotationKeys {
  /** On pods: the Google service account. */
  readonly serviceAccount: string;
  /** On pods: the scopes. */
  readonly scopes: string;
  /** On namespaces: the accounts that their pods may have. */
  readonly allowedServiceAccounts: string;
}

/**
 * Takes from a pod object what the daemon keeps.
 *
 * @param object Decoded JSON of a pod.
 * @param keys Annotation keys.
 * @returns The pod, or `undefined` if the object has no identity to go by.
 */
export function decodePod(
  object: unknown,
  keys: AnnotationKeys,
): Pod | undefined {
  const metadata = field(object, "metadata");
  const spec = field(object, "spec");
  const status = field(object, "status");
  const uid = text(metadata, "uid");
  const namespace = text(metadata, "namespace");
  const name = text(metadata, "name");
  if (uid === undefined || namespace === undefined || name === undefined) {
    return undefined;
  }
  const annotations = field(metadata, "annotations");
  const accountAnnotation = annotation(annotations, keys.serviceAccount);
  const misspeltKey = accountAnnotation === undefined && isRecord(annotations)
    ? findMisspeltKey(Object.keys(annotations), keys)
    : undefined;
  const createdAtMs = Date.parse(text(metadata, "creationTimestamp") ?? "");
  return {
    uid,
    namespace,
    name,
    addresses: decodeAddresses(status),
    phase: text(status, "phase") ?? "Unknown",
    isTerminating: text(metadata, "deletionTimestamp") !== undefined,
    createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs,
    hostNetwork: field(spec, "hostNetwork") === true,
    serviceAccountName: text(spec, "serviceAccountName") ?? "default",
    accountAnnotation,
    scopesAnnotation: annotation(annotations, keys.scopes),
    ...(misspeltKey === undefined ? {} : { misspeltKey }),
  };
}

/**
 * Takes from a pod object which node runs it.
 *
 * @param object Decoded JSON of a pod.
 * @returns Name of the node; empty while the pod has none.
 */
export function decodeNode(object: unknown): string {
  return text(field(object, "spec"), "nodeName") ?? "";
}

/**
 * Takes from a namespace object what the daemon keeps.
 *
 * @param object Decoded JSON of a namespace.
 * @param keys Annotation keys.
 * @returns The namespace, or `undefined` if the object has no name.
 */
export function decodeNamespace(
  object: unknown,
  keys: AnnotationKeys,
): Namespace | undefined {
  const metadata = field(object, "metadata");
  const name = text(metadata, "name");
  if (name === undefined) return undefined;
  const annotation = text(
    field(metadata, "annotations"),
    keys.allowedServiceAccounts,
  );
  return { name, allowList: parseAllowList(annotation) };
}

function decodeAddresses(status: unknown): readonly string[] {
  const addresses = new Set<string>();
  const add = (address: string | undefined): void => {
    const canonical = address === undefined
      ? undefined
      : canonicalAddress(address);
    if (canonical !== undefined) addresses.add(canonical);
  };
  add(text(status, "podIP"));
  const podIPs = field(status, "podIPs");
  if (Array.isArray(podIPs)) {
    for (const entry of podIPs) add(text(entry, "ip"));
  }
  return [...addresses];
}

function field(object: unknown, key: string): unknown {
  return typeof object === "object" && object !== null &&
      Object.hasOwn(object, key)
    ? Reflect.get(object, key)
    : undefined;
}

/** Longer than anything well-formed; the rest would only take memory. */
const MAX_ANNOTATION = 5_000;

function annotation(object: unknown, key: string): string | undefined {
  return text(object, key)?.slice(0, MAX_ANNOTATION);
}

function text(object: unknown, key: string): string | undefined {
  const value = field(object, key);
  return typeof value === "string" ? value : undefined;
}
