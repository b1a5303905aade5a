import { findDecodeFault } from "./decoding.ts";
import { type JsonObject, type KubernetesObject, textAt } from "./json.ts";
import { type ResourceType, typeOfKind } from "./resources.ts";
import { badRequest, conflict, invalid } from "./status.ts";
import type { VersionlessObject } from "./store.ts";
import { findForbiddenChanges } from "./spec_changes.ts";
import { findFaults } from "./validation.ts";

/** What must hold of a stored object before it is changed or removed. */
export interface Preconditions {
  /** Identity that the object must have; empty or left out, any. */
  readonly uid?: string;
  /** Version that the object must have; empty or left out, any. */
  readonly resourceVersion?: string;
}

/**
 * Checks the fields of an object that is about to be stored.
 *
 * @param type Type of the object.
 * @param object Object to check.
 * @throws {KubernetesStatusError} If a field breaks a rule (422), naming every one.
 */
export function checkFields(
  type: ResourceType,
  object: VersionlessObject,
): void {
  const causes = findFaults(type, object);
  if (causes.length > 0) {
    throw invalid({ kind: type.kind, name: object.metadata.name }, causes);
  }
}

/**
 * Checks that an update by a client changes nothing that is fixed.
 *
 * @param type Type of the object.
 * @param change The object before and after.
 * @throws {KubernetesStatusError} If something fixed changes (422).
 */
export function checkChanges(
  type: ResourceType,
  change: { readonly from: KubernetesObject; readonly to: JsonObject },
): void {
  const causes = findForbiddenChanges(type, change);
  if (causes.length === 0) return;
  throw invalid({ kind: type.kind, name: change.from.metadata.name }, causes);
}

/**
 * Checks that a patched object can still be decoded.
 *
 * @param type Type of the object.
 * @param patched The object with the patch applied.
 * @throws {KubernetesStatusError} If a field has a wrong type (422).
 */
export function checkPatched(type: ResourceType, patched: JsonObject): void {
  const fault = findDecodeFault(type, patched);
  if (fault === undefined) return;
  const value = JSON.stringify(JSON.stringify(patched));
  const message = `Invalid value: ${value}: ${fault}`;
  const cause = { reason: "FieldValueInvalid", message, field: "patch" };
  throw invalid({ kind: "", name: "" }, [cause]);
}

/**
 * Checks that an object has the name that the path says.
 *
 * @param object Object as sent.
 * @param name Name in the path.
 * @throws {KubernetesStatusError} If the names differ (400).
 */
export function checkName(object: JsonObject, name: string): void {
  const sent = textAt(object, "metadata.name");
  if (sent === name) return;
  throw badRequest(
    sent === ""
      ? `the name of the object (${name} based on URL) was undeterminable: name must be provided`
      : `the name of the object (${sent}) does not match the name on the URL (${name})`,
  );
}

/**
 * Checks that an object names no other namespace than the path.
 *
 * @param object Object as sent; it may leave the namespace out.
 * @param namespace Namespace in the path, if any.
 * @throws {KubernetesStatusError} If the namespaces differ (400).
 */
export function checkNamespace(
  object: JsonObject,
  namespace: string | undefined,
): void {
  const sent = textAt(object, "metadata.namespace");
  if (sent === "" || sent === namespace) return;
  throw badRequest(
    "the namespace of the provided object does not match the namespace sent on the request",
  );
}

/**
 * Checks what a deletion demands of the stored object.
 *
 * @param object Stored object.
 * @param wanted What it demands.
 * @throws {KubernetesStatusError} If the object is another, or has changed (409).
 */
export function checkPreconditions(
  object: KubernetesObject,
  wanted: Preconditions,
): void {
  const { uid, resourceVersion } = object.metadata;
  if (isOther(wanted.uid, uid)) {
    throw unmet(
      object,
      `UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`,
    );
  }
  if (!isOther(wanted.resourceVersion, resourceVersion)) return;
  const sent = `ResourceVersion in precondition: ${wanted.resourceVersion}`;
  throw unmet(
    object,
    `${sent}, ResourceVersion in object meta: ${resourceVersion}`,
  );
}

/**
 * Checks that an update was made from the newest state of the same object.
 *
 * @param object Stored object.
 * @param sent Object as sent; it may leave uid and resourceVersion out.
 * @throws {KubernetesStatusError} If the object is another, or has changed (409).
 */
export function checkCurrent(object: KubernetesObject, sent: JsonObject): void {
  checkPreconditions(object, { uid: textAt(sent, "metadata.uid") });
  const version = textAt(sent, "metadata.resourceVersion");
  if (!isOther(version, object.metadata.resourceVersion)) return;
  throw conflictOf(
    object,
    "the object has been modified; please apply your changes to the latest version and try again",
  );
}

function isOther(wanted: string | undefined, actual: string): boolean {
  return wanted !== undefined && wanted !== "" && wanted !== actual;
}

function unmet(object: KubernetesObject, what: string): Error {
  return conflictOf(object, `Precondition failed: ${what}`);
}

function conflictOf(object: KubernetesObject, why: string): Error {
  const resource = typeOfKind(object.kind)?.resource ?? object.kind;
  return conflict({ resource, name: object.metadata.name }, why);
}
