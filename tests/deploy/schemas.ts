/**
 * The published schemas of Kubernetes and of the Prometheus operator, compiled by ajv.
 */
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ValidatingAdmissionPolicy } from "kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy";
import { ValidatingAdmissionPolicyBinding } from "kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding";
import { DaemonSet } from "kubernetes-models/apps/v1/DaemonSet";
import { CronJob } from "kubernetes-models/batch/v1/CronJob";
import { ClusterRole } from "kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole";
import { ClusterRoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { Pod } from "kubernetes-models/v1/Pod";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import type { Manifest } from "./manifests.ts";

const MODELS = [
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  CronJob,
  DaemonSet,
  Namespace,
  Pod,
  PodMonitor,
  PrometheusRule,
  ServiceAccount,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
];

/**
 * Checks an object against the published schema of its kind, and that every field of it is
 * one of the schema.
 *
 * @param manifest The object.
 * @throws {Error} If a field is wrong, missing or unknown, or the kind has no schema here.
 */
export function checkSchema(manifest: Manifest): void {
  const { apiVersion, kind, metadata } = manifest;
  const model = MODELS.find((model) =>
    model.apiVersion === apiVersion && model.kind === kind
  );
  if (model === undefined) {
    throw new Error(`No schema of ${apiVersion} ${kind}`);
  }
  const unread = new Set<string>();
  const watched = watchReads(manifest, { path: kind, unread });
  try {
    model.prototype.validate.call(watched);
  } catch (cause) {
    throw new Error(`${kind} ${metadata.name}: ${cause}`, { cause });
  }
  if (unread.size > 0) throw new Error(`Unknown: ${[...unread].join(", ")}`);
}

/**
 * The compiled schemas allow unknown fields, but look at known ones only: what they have
 * not looked at is unknown. They look at all keys of a map by asking which it has.
 */
function watchReads<T extends object>(
  value: T,
  place: { readonly path: string; readonly unread: Set<string> },
): T {
  const { path, unread } = place;
  const watched = new Map(
    Object.entries(value).map(([key, field]) => {
      const fieldPath = `${path}.${key}`;
      unread.add(fieldPath);
      if (typeof field !== "object" || field === null) return [key, field];
      return [key, watchReads(field, { path: fieldPath, unread })];
    }),
  );
  return new Proxy(value, {
    get: (target, key) => {
      if (typeof key === "symbol") return Reflect.get(target, key);
      unread.delete(`${path}.${key}`);
      return watched.get(key) ?? Reflect.get(target, key);
    },
  });
}
