import { isDeepStrictEqual } from "node:util";
import { type JsonObject, objectAt, textAt, valueAt } from "./json.ts";
import type { StatusCause } from "./status.ts";

const MAX_NAME = 128;
const MAX_NOTE = 1024;
const MICRO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;
const QUALIFIED = /^(?:[a-z0-9][-a-z0-9.]*\/)?[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$/;

/**
 * Finds every field of an Event of `events.k8s.io/v1` that breaks a rule of the real
 * server.
 *
 * @param event Event that could be decoded.
 */
export function findEventFaults(event: JsonObject): StatusCause[] {
  const causes: StatusCause[] = [];
  const check = (isFine: boolean, field: string, message: string): void => {
    if (!isFine) causes.push({ reason: "FieldValueInvalid", field, message });
  };
  const text = (path: string): string => textAt(event, path);
  const length = (path: string): number =>
    new TextEncoder().encode(text(path)).length;
  check(
    text("metadata.namespace") === text("regarding.namespace"),
    "regarding.namespace",
    "Invalid value: does not match event.namespace",
  );
  check(MICRO_TIME.test(text("eventTime")), "eventTime", "Required value");
  check(
    QUALIFIED.test(text("reportingController")),
    "reportingController",
    "Invalid value: name part must consist of alphanumeric characters",
  );
  for (const path of ["reportingInstance", "action", "reason"]) {
    check(text(path) !== "", path, "Required value");
    check(length(path) <= MAX_NAME, path, "can have at most 128 characters");
  }
  check(length("note") <= MAX_NOTE, "note", "can have at most 1024 characters");
  check(
    ["Normal", "Warning"].includes(text("type")),
    "type",
    "Invalid value: has invalid value",
  );
  for (const path of ["count", "firstTimestamp", "lastTimestamp", "source"]) {
    check(
      valueAt(event, path) === undefined,
      `deprecated.${path}`,
      "Invalid value: needs to be unset",
    );
  }
  if (valueAt(event, "series") !== undefined) {
    const count = Number(valueAt(event, "series.count"));
    check(count >= 2, "series.count", "Invalid value: should be at least 2");
    check(
      MICRO_TIME.test(text("series.lastObservedTime")),
      "series.lastObservedTime",
      "Required value",
    );
  }
  return causes;
}

/**
 * Finds what a client may not change in an Event: everything but its series.
 *
 * @param change The Event before and after.
 */
export function findEventChanges(
  change: { readonly from: JsonObject; readonly to: JsonObject },
): StatusCause[] {
  const names = new Set([
    ...Object.keys(change.from),
    ...Object.keys(change.to),
  ]);
  for (const name of ["series", "metadata", "status"]) names.delete(name);
  return [...names]
    .filter((name) =>
      !isDeepStrictEqual(
        objectOf(change.from, name),
        objectOf(change.to, name),
      )
    )
    .map((field) => ({
      reason: "FieldValueInvalid",
      field,
      message: "Invalid value: field is immutable",
    }));
}

function objectOf(event: JsonObject, name: string): unknown {
  const value = event[name];
  return typeof value === "object" ? objectAt(event, name) : value;
}
