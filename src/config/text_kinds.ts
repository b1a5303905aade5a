import { isAccountEmail } from "../core/account.ts";
import { canonicalAddress } from "../core/address.ts";
import { canonicalHost, parseHostPort } from "./host_port.ts";
import { textKind, type ValueKind } from "./value_kind.ts";

/** An IP address, decoded to its canonical form. */
export const IP_ADDRESS: ValueKind<string> = textKind(
  { type: "IP address", accepts: "an IPv4 or IPv6 address without port" },
  canonicalAddress,
);

/** An IPv4 address, decoded to its canonical form. */
export const IPV4_ADDRESS: ValueKind<string> = textKind(
  { type: "IPv4 address", accepts: "an IPv4 address without port" },
  (text) => {
    const address = canonicalAddress(text);
    return address?.includes(":") === false ? address : undefined;
  },
);

/** An IPv6 address, decoded to its canonical form. */
export const IPV6_ADDRESS: ValueKind<string> = textKind(
  {
    type: "IPv6 address",
    accepts: "an IPv6 address without brackets and port",
  },
  (text) => {
    const address = canonicalAddress(text);
    return address?.includes(":") === true ? address : undefined;
  },
);

/** A host name without port, decoded to lower case. */
export const HOST_NAME: ValueKind<string> = textKind(
  {
    type: "host name",
    accepts: "a host name without port, such as metadata.example.internal",
  },
  canonicalHost,
);

/** A place to connect to over plain HTTP. */
export const HOST_PORT: ValueKind<string> = textKind(
  {
    type: "host[:port]",
    accepts: "host, host:port or [IPv6]:port, with a port from 1 to 65535",
  },
  (text) => parseHostPort(text) === undefined ? undefined : text,
);

const URL_FORM = /^https?:\/\/[^\s/?#@\\]+(?:\/[^\s?#\\]*)?$/i;

/** A base URL, decoded to one without trailing slash. */
export const BASE_URL: ValueKind<string> = textKind(
  {
    type: "URL",
    accepts:
      "an http:// or https:// URL without user, query and fragment, such as https://10.0.0.1:6443",
    schema: { pattern: "^https?://[^\\s/?#@]+(?:/[^\\s?#]*)?$" },
  },
  (text) => {
    if (!URL_FORM.test(text) || !URL.canParse(text)) return undefined;
    const url = new URL(text);
    return url.origin + url.pathname.replace(/\/$/, "");
  },
);

/** URL of a trace, kept as written. */
export const TRACE_URL: ValueKind<string> = textKind(
  {
    type: "URL of a trace",
    accepts:
      "an http:// or https:// URL with {traceId} in it, such as https://traces.example/trace/{traceId}",
    schema: { pattern: "^https?://.*\\{traceId\\}" },
  },
  (text) =>
    /^https?:\/\//i.test(text) && text.includes("{traceId}") &&
      URL.canParse(text)
      ? text
      : undefined,
);

/** Path of a file. */
export const FILE: ValueKind<string> = textKind(
  {
    type: "file",
    accepts: "the path of a file",
    schema: { minLength: 1 },
  },
  (text) => /^[^\0]+$/.test(text) ? text : undefined,
);

/** A bearer token: visible ASCII, because it becomes a header's value. */
export const BEARER_TOKEN: ValueKind<string> = textKind(
  {
    type: "token",
    accepts: "a bearer token of visible ASCII characters",
    schema: { pattern: "^[!-~]+$" },
  },
  (text) => /^[!-~]+$/.test(text) ? text : undefined,
);

/** Name of a node, or empty. */
export const NODE_NAME: ValueKind<string> = textKind(
  {
    type: "node name",
    accepts: "the name of a Kubernetes node, or nothing for every node",
    schema: {
      pattern: "^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)?$",
      maxLength: 253,
    },
  },
  (text) =>
    text.length <= 253 && /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)?$/.test(text)
      ? text
      : undefined,
);

const ANNOTATION_PATTERN =
  "^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$";
const ANNOTATION = new RegExp(ANNOTATION_PATTERN);

const DOMAIN_PATTERN =
  "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$";
const DOMAIN_FORM = new RegExp(DOMAIN_PATTERN);

/** A domain name of at least two labels. */
export const DOMAIN: ValueKind<string> = textKind(
  {
    type: "domain",
    accepts: "a domain name such as googleapis.com, in lower case",
    schema: { pattern: DOMAIN_PATTERN, maxLength: 253 },
  },
  (text) => text.length <= 253 && DOMAIN_FORM.test(text) ? text : undefined,
);

/** Key of a Kubernetes annotation. */
export const ANNOTATION_KEY: ValueKind<string> = textKind(
  {
    type: "annotation key",
    accepts: "an annotation key such as accounts.google.com/service-account",
    schema: { pattern: ANNOTATION_PATTERN },
  },
  (text) => ANNOTATION.test(text) ? text : undefined,
);

/** E-mail of a Google service account. */
export const ACCOUNT: ValueKind<string> = textKind(
  {
    type: "e-mail",
    accepts: "the e-mail of a Google service account, in lower case",
  },
  (text) => isAccountEmail(text) ? text : undefined,
);

/** The account of pods without annotation: an e-mail, `default`, or empty. */
export const DEFAULT_ACCOUNT: ValueKind<string> = textKind(
  {
    type: "e-mail|default",
    accepts:
      "the e-mail of a Google service account in lower case, default for the node's own, or nothing for none",
  },
  (text) =>
    text === "" || text === "default" || isAccountEmail(text)
      ? text
      : undefined,
);

const SCOPE_PATTERN =
  "^(?:https://[a-z0-9.-]+/[A-Za-z0-9._~/-]*|[a-z][a-z0-9._-]*)$";
const SCOPE = new RegExp(SCOPE_PATTERN);

/** An OAuth scope, left as it is written. */
export const SCOPE_NAME: ValueKind<string> = textKind(
  {
    type: "scope",
    accepts: "the https URL of a scope, or a short name such as cloud-platform",
    schema: { pattern: SCOPE_PATTERN, maxLength: 512 },
  },
  (text) => text.length <= 512 && SCOPE.test(text) ? text : undefined,
);

const GLOB_PATTERN =
  "^[A-Za-z0-9_.~@!$()+=:?*-]+(?:/[A-Za-z0-9_.~@!$()+=:?*-]+)*$";
const GLOB = new RegExp(GLOB_PATTERN);

/**
 * A glob over metadata paths. Character classes and escapes are refused: an
 * ill-formed pattern would match nothing, and so a `deny` would conceal nothing.
 */
export const PATH_GLOB: ValueKind<string> = textKind(
  {
    type: "path glob",
    accepts:
      "a path relative to /computeMetadata/v1/ without leading or trailing slash, where * stays within one segment and ** is any number of whole segments",
    schema: { pattern: GLOB_PATTERN },
  },
  (text) => isPathGlob(text) ? text : undefined,
);

function isPathGlob(text: string): boolean {
  return GLOB.test(text) &&
    text.split("/").every((segment) =>
      segment !== "." && segment !== ".." &&
      (segment === "**" || !segment.includes("**"))
    );
}
