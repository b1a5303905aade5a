import { compileFieldSelector } from "./field_selector.ts";
import type { JsonObject } from "./json.ts";
import { compileLabelSelector } from "./label_selector.ts";
import type { ResourceType } from "./resources.ts";
import { badRequest, invalid, type StatusCause } from "./status.ts";

/** What the query of a list or a watch asks for. */
export interface ListOptions {
  /** Whether a stream of changes is wanted instead of a list. */
  readonly watch: boolean;
  /** Largest number of items in one response. */
  readonly limit: number | undefined;
  /** Token of an earlier response; empty to start anew. */
  readonly continueToken: string;
  /** Version as sent; empty if unset. */
  readonly resourceVersion: string;
  /** `Exact`, `NotOlderThan`, or empty. */
  readonly resourceVersionMatch: string;
  /** Whether a watch begins with what exists; `undefined` leaves it to the version. */
  readonly sendInitialEvents: boolean | undefined;
  /** Whether the client understands BOOKMARK events. */
  readonly allowWatchBookmarks: boolean;
  /** Seconds after which the server ends the watch. */
  readonly timeoutSeconds: number | undefined;
  /** Whether a selector narrows the result. */
  readonly isSelective: boolean;
  /** Tells whether both selectors select an object. */
  readonly selects: (object: JsonObject) => boolean;
}

/**
 * Reads the query of a list or a watch, and refuses what the real server refuses.
 *
 * @param query Query of the request; unknown parameters are ignored.
 * @param type Type of the objects, which decides about field selectors.
 * @throws {KubernetesStatusError} If a value cannot be parsed (400), or values
 * contradict each other (422).
 */
export function readListOptions(
  query: URLSearchParams,
  type: ResourceType,
): ListOptions {
  const fieldSelector = query.get("fieldSelector") ?? "";
  const labelSelector = query.get("labelSelector") ?? "";
  const hasField = compileFieldSelector(fieldSelector, type);
  const hasLabels = compileLabelSelector(labelSelector);
  const options = {
    watch: readSwitch(query, "watch") ?? false,
    limit: readInteger(query, "limit"),
    continueToken: query.get("continue") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    sendInitialEvents: readSwitch(query, "sendInitialEvents"),
    allowWatchBookmarks: readSwitch(query, "allowWatchBookmarks") ?? false,
    timeoutSeconds: readInteger(query, "timeoutSeconds"),
    isSelective: fieldSelector !== "" || labelSelector !== "",
    selects: (object: JsonObject) => hasField(object) && hasLabels(object),
  };
  const causes = options.watch
    ? findWatchFaults(options)
    : findListFaults(options);
  if (causes.length === 0) return options;
  const subject = { kind: "ListOptions", group: "meta.k8s.io", name: "" };
  throw invalid(subject, causes);
}

function findListFaults(options: ListOptions): StatusCause[] {
  const { resourceVersion, resourceVersionMatch: match } = options;
  const causes = options.sendInitialEvents === undefined
    ? []
    : [forbidden("sendInitialEvents", "is forbidden for list")];
  if (match === "") return causes;
  if (resourceVersion === "") causes.push(matchForbidden(WITHOUT_VERSION));
  if (options.continueToken !== "") causes.push(matchForbidden(WITH_CONTINUE));
  if (match !== "Exact" && match !== "NotOlderThan") {
    causes.push(unsupportedMatch(match));
  }
  if (match === "Exact" && resourceVersion === "0") {
    causes.push(matchForbidden(`"exact" is forbidden for resourceVersion "0"`));
  }
  return causes;
}

function findWatchFaults(options: ListOptions): StatusCause[] {
  const { resourceVersionMatch: match } = options;
  const isInitial = options.sendInitialEvents !== undefined;
  const causes: StatusCause[] = [];
  if (isInitial && match !== "NotOlderThan") {
    const message =
      "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    const field = "resourceVersionMatch";
    causes.push({ reason: "FieldValueForbidden", message, field });
  }
  if (match === "") return causes;
  if (!isInitial) causes.push(matchForbidden(WITHOUT_INITIAL));
  if (match !== "NotOlderThan") causes.push(unsupportedMatch(match));
  if (options.continueToken !== "") causes.push(matchForbidden(WITH_CONTINUE));
  return causes;
}

const WITHOUT_VERSION = "is forbidden unless resourceVersion is provided";
const WITH_CONTINUE = "is forbidden when continue is provided";
const WITHOUT_INITIAL =
  "is forbidden for watch unless sendInitialEvents is provided";

function matchForbidden(why: string): StatusCause {
  return forbidden("resourceVersionMatch", why);
}

function forbidden(field: string, why: string): StatusCause {
  const message = `Forbidden: ${field} ${why}`;
  return { reason: "FieldValueForbidden", message, field };
}

function unsupportedMatch(match: string): StatusCause {
  const message = `Unsupported value: "${match}"`;
  const field = "resourceVersionMatch";
  return { reason: "FieldValueNotSupported", message, field };
}

/** The real server takes everything but `false` and `0` for true, even nothing. */
function readSwitch(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  return value.toLowerCase() !== "false" && value !== "0";
}

/** Zero and less mean the same as nothing. */
function readInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name) ?? "";
  if (value !== "" && !/^[+-]?\d{1,18}$/.test(value)) {
    throw badRequest(
      `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  }
  return Number(value) > 0 ? Number(value) : undefined;
}
