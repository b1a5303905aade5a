import type { FieldViolation } from "./errors.ts";
import type { IamCallKind } from "./operation.ts";

/** The body of a call, decoded; fields that were not sent have the defaults of the API. */
export interface IamPayload {
  /** Scopes; empty when none were sent. */
  readonly scopes: readonly string[];
  /** Delegation chain, first hop first, as sent. */
  readonly delegates: readonly string[];
  /** Lifetime in seconds; `undefined` when none was sent. */
  readonly lifetimeSeconds: number | undefined;
  /** Audience; empty when none was sent. */
  readonly audience: string;
  /** Whether the ID token shall name the e-mail. */
  readonly includeEmail: boolean;
  /** Whether `azp` shall be the e-mail instead of the unique id. */
  readonly useEmailAzp: boolean;
}

/** A body that fits the request message, or what is wrong with it. */
export type DecodedPayload =
  | { readonly outcome: "decoded"; readonly payload: IamPayload }
  | {
    readonly outcome: "malformed";
    readonly violations: readonly FieldViolation[];
  };

type FieldType = "strings" | "string" | "boolean" | "duration";

const fieldTypes: Readonly<
  Record<IamCallKind, Readonly<Record<string, FieldType>>>
> = {
  "access-token": {
    delegates: "strings",
    scope: "strings",
    lifetime: "duration",
  },
  "id-token": {
    delegates: "strings",
    audience: "string",
    includeEmail: "boolean",
    organizationNumberIncluded: "boolean",
    useEmailAzp: "boolean",
  },
};

/**
 * Decodes the JSON body of a call as the API's front end does: by the fields of the message,
 * with both spellings of a name, and `null` for a default.
 *
 * @param kind Which message.
 * @param body Body as sent; an empty one is an empty message.
 */
export function decodePayload(kind: IamCallKind, body: string): DecodedPayload {
  const value = parseJson(body.trim() === "" ? "{}" : body);
  if (value === undefined) {
    return malformed("Invalid JSON payload received. Unexpected token.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return malformed(
      'Invalid JSON payload received. Unknown name "": Root element must be a message.',
    );
  }
  const fields: Fields = new Map();
  const violations = Object.entries(value).flatMap(([name, content]) =>
    readField({ kind, name, content, fields })
  );
  if (violations.length > 0) return { outcome: "malformed", violations };
  return { outcome: "decoded", payload: buildPayload(fields) };
}

type Fields = Map<string, readonly string[] | string | boolean | number>;

function readField(field: {
  readonly kind: IamCallKind;
  readonly name: string;
  readonly content: unknown;
  readonly fields: Fields;
}): readonly FieldViolation[] {
  const { kind, content, fields } = field;
  const name = field.name.replace(
    /_([a-z])/g,
    (_, letter: string) => letter.toUpperCase(),
  );
  const types = fieldTypes[kind];
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) {
    const description = `Invalid JSON payload received. Unknown name ` +
      `${JSON.stringify(field.name)}: Cannot find field.`;
    return [{ description }];
  }
  if (content === null) return [];
  const decoded = decodeField(type, content);
  if (decoded !== undefined) {
    fields.set(name, decoded);
    return [];
  }
  const shown = JSON.stringify(content);
  return [{
    field: name,
    description: `Invalid value at '${name}' (${typeLabels[type]}), ${shown}`,
  }];
}

const typeLabels: Readonly<Record<FieldType, string>> = {
  strings: "TYPE_STRING",
  string: "TYPE_STRING",
  boolean: "TYPE_BOOL",
  duration: "type.googleapis.com/google.protobuf.Duration",
};

function decodeField(
  type: FieldType,
  content: unknown,
): readonly string[] | string | boolean | number | undefined {
  if (type === "boolean") {
    return typeof content === "boolean" ? content : undefined;
  }
  if (type === "strings") {
    if (!Array.isArray(content)) return undefined;
    const strings = content.filter((item) => typeof item === "string");
    return strings.length === content.length ? strings : undefined;
  }
  if (typeof content !== "string") return undefined;
  if (type === "string") return content;
  return /^-?\d{1,12}(\.\d{1,9})?s$/.test(content)
    ? Number(content.slice(0, -1))
    : undefined;
}

function buildPayload(fields: Fields): IamPayload {
  const strings = (name: string): readonly string[] => {
    const value = fields.get(name);
    return typeof value === "object" ? value : [];
  };
  const lifetime = fields.get("lifetime");
  const audience = fields.get("audience");
  return {
    scopes: strings("scope"),
    delegates: strings("delegates"),
    lifetimeSeconds: typeof lifetime === "number" ? lifetime : undefined,
    audience: typeof audience === "string" ? audience : "",
    includeEmail: fields.get("includeEmail") === true,
    useEmailAzp: fields.get("useEmailAzp") === true,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(description: string): DecodedPayload {
  return { outcome: "malformed", violations: [{ description }] };
}
