import { Buffer } from "node:buffer";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  parseJson,
} from "./json.ts";
import type { ListOptions } from "./list_options.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import { badRequest, KubernetesStatusError } from "./status.ts";
import { keyOf, type KubernetesStore } from "./store.ts";

/** Where a list goes on: at which version, and after which key. */
interface Position {
  /** Version of the snapshot; -1 for the newest, after the snapshot is gone. */
  readonly version: number;
  /** Key of the last object that was sent. */
  readonly after: string;
}

const TOKEN_VERSION = "meta.k8s.io/v1";
const CONTINUE_EXPIRED =
  "The provided continue parameter is too old to display a consistent list result. " +
  "You can start a new list without the continue parameter, or use the continue token " +
  "in this response to retrieve the remainder of the results. Continuing with the " +
  "provided token results in an inconsistent list - objects that were created, modified, " +
  "or deleted between the time the first chunk was returned and now may show up in the list.";

/**
 * Makes the response to a list.
 *
 * @param store Where the objects live.
 * @param type Type to list.
 * @param options What the query asks for; `selects` decides about namespaces too.
 * @returns The list object; its items carry neither kind nor apiVersion.
 * @throws {KubernetesStatusError} If the version or the token is malformed (400), has
 * been compacted (410), or lies in the future (504).
 */
export function makeList(
  store: KubernetesStore,
  type: ResourceType,
  options: ListOptions,
): JsonObject {
  const { version, after } = findPosition(store, options);
  const selected = store.list(type, version).filter((object) =>
    keyOf(object.metadata) > after && options.selects(object)
  );
  // The watch cache answers version 0, and it knows no pages.
  const limit = options.resourceVersion === "0" ? undefined : options.limit;
  const items = selected.slice(0, limit);
  const last = items.at(-1);
  const remaining = selected.length - items.length;
  return {
    kind: `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: {
      resourceVersion: String(version),
      ...(last === undefined || remaining === 0 ? {} : {
        continue: encodePosition({ version, after: keyOf(last.metadata) }),
        ...(options.isSelective ? {} : { remainingItemCount: remaining }),
      }),
    },
    items: items.map(asItem),
  };
}

/**
 * Reads a version as a client sent it.
 *
 * @param text Version; empty counts as 0.
 * @returns The number, or `undefined` if the text is none.
 */
export function readVersion(text: string): number | undefined {
  if (text === "") return 0;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function findPosition(store: KubernetesStore, options: ListOptions): Position {
  const wanted = readVersion(options.resourceVersion);
  if (wanted === undefined) {
    const shown = JSON.stringify(options.resourceVersion);
    throw badRequest(
      `invalid resource version: strconv.ParseUint: parsing ${shown}: invalid syntax`,
    );
  }
  if (options.continueToken !== "") return continueAt(store, options);
  if (wanted > store.version) throw tooLarge(wanted, store.version);
  const isExact = options.resourceVersionMatch === "Exact" ||
    (options.resourceVersionMatch === "" && options.limit !== undefined);
  if (!isExact || wanted === 0) return { version: store.version, after: "" };
  if (wanted >= store.oldestVersion) return { version: wanted, after: "" };
  const message = "The resourceVersion for the provided list is too old.";
  throw new KubernetesStatusError(410, message);
}

function continueAt(store: KubernetesStore, options: ListOptions): Position {
  if (options.resourceVersion !== "" && options.resourceVersion !== "0") {
    throw badRequest(
      "specifying resource version is not allowed when using continue",
    );
  }
  const { version, after } = decodePosition(options.continueToken);
  if (version === -1) return { version: store.version, after };
  if (version > store.version) throw tooLarge(version, store.version);
  if (version >= store.oldestVersion) return { version, after };
  const continueToken = encodePosition({ version: -1, after });
  throw new KubernetesStatusError(410, CONTINUE_EXPIRED, { continueToken });
}

function encodePosition(position: Position): string {
  const { version, after } = position;
  const token = { v: TOKEN_VERSION, rv: version, start: `${after}\0` };
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

function decodePosition(token: string): Position {
  const decoded = parseToken(token);
  if (!isJsonObject(decoded)) throw malformedToken("not a token");
  const { v, rv, start } = decoded;
  if (v !== TOKEN_VERSION) {
    throw malformedToken("server does not recognize this encoded version");
  }
  if (
    typeof rv !== "number" || !Number.isSafeInteger(rv) || rv < -1 || rv === 0
  ) {
    throw malformedToken("incorrect encoded start resourceVersion");
  }
  if (typeof start !== "string" || !start.endsWith("\0")) {
    throw malformedToken("incorrect encoded start key");
  }
  return { version: rv, after: start.slice(0, -1) };
}

function parseToken(token: string): Json {
  try {
    return parseJson(Buffer.from(token, "base64url").toString());
  } catch {
    throw malformedToken("cannot be decoded");
  }
}

function malformedToken(why: string): KubernetesStatusError {
  return badRequest(`continue key is not valid: ${why} (${TOKEN_VERSION})`);
}

function tooLarge(wanted: number, current: number): KubernetesStatusError {
  const message = `Too large resource version: ${wanted}, current: ${current}`;
  const causes = [{
    reason: "ResourceVersionTooLarge",
    message: "Too large resource version",
  }];
  const details = { causes };
  return new KubernetesStatusError(504, message, {
    details,
    retryAfterSeconds: 1,
  });
}

function asItem(object: KubernetesObject): JsonObject {
  const { kind: _kind, apiVersion: _apiVersion, ...item } = object;
  return item;
}
