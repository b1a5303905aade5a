import * as v from "valibot";
import { listKind, unsettable } from "./composed_kind.ts";
import type { Config } from "./config.ts";
import { INTERFACES } from "./interface_kind.ts";
import type { Option, OptionText } from "./option.ts";
import * as text from "./text_kinds.ts";
import {
  BOOLEAN,
  choiceKind,
  durationKind,
  integerKind,
  PORT,
  type ValueKind,
} from "./value_kind.ts";

/** A value that was refused. */
export interface Refusal {
  /** The option it was meant for. */
  readonly option: Option;
  /** The value, as in YAML. */
  readonly value: unknown;
  /** Index of the entry to blame, if the value is a list. */
  readonly item: number | undefined;
}

/** Outcome of {@linkcode decodeConfig}. */
export type DecodedConfig =
  | { readonly outcome: "accepted"; readonly config: Config }
  | { readonly outcome: "refused"; readonly refusals: readonly Refusal[] };

type Leaf<T> = v.GenericSchema<unknown, T> & {
  readonly kind: ValueKind<T>;
  readonly about: OptionText;
};

interface Tree {
  readonly [key: string]: Leaf<unknown> | { readonly entries: Tree };
}

/** Declares an option; its key path follows from where it stands in {@linkcode SCHEMA}. */
function option<T>(kind: ValueKind<T>, about: OptionText): Leaf<T> {
  const schema = v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const decoded = kind.decode(dataset.value);
      if (decoded.outcome === "accepted") return decoded.value;
      const { value: input } = dataset;
      const { item } = decoded;
      addIssue(
        item === undefined ? {} : {
          path: [{
            type: "array",
            origin: "value",
            input: [],
            key: item,
            value: input,
          }],
        },
      );
      return NEVER;
    }),
  );
  return Object.assign(schema, { kind, about });
}

const SCHEMA = v.object({
  server: v.object({
    address: option(text.IP_ADDRESS, {
      default: "0.0.0.0",
      flag: "app-address",
      description: "Address on which pods' requests are taken",
    }),
    port: option(PORT, {
      default: 8181,
      flag: "app-port",
      description: "Port on which pods' requests are taken",
    }),
    handoverPort: option(integerKind({ from: 0, to: 65_535 }), {
      default: 8183,
      flag: "handover-port",
      description:
        "The same for a daemon that starts while another one still has server.port, as in a rolling upgrade; 0 for none",
    }),
  }),
  admin: v.object({
    address: option(text.IP_ADDRESS, {
      default: "127.0.0.1",
      flag: "admin-address",
      description: "Address that serves health, readiness and metrics",
    }),
    port: option(PORT, {
      default: 8182,
      flag: "admin-port",
      description: "Port that serves health, readiness and metrics",
    }),
    socket: option(unsettable(text.FILE), {
      default: null,
      flag: "admin-socket",
      description:
        "Unix socket that serves the same, which the command ready asks for this very daemon",
    }),
    debug: option(BOOLEAN, {
      default: false,
      flag: "debug",
      description: "Serve the debug pages on the admin port",
    }),
  }),
  kubernetes: v.object({
    apiServer: option(unsettable(text.BASE_URL), {
      default: null,
      flag: "api-server",
      description:
        "API server; without it and a kubeconfig, the pod's own service account is used",
    }),
    apiToken: option(unsettable(text.BEARER_TOKEN), {
      default: null,
      flag: "api-token",
      isSecret: true,
      description:
        "Bearer token for kubernetes.apiServer; a file hides it from the process list",
    }),
    apiTokenFile: option(unsettable(text.FILE), {
      default: null,
      flag: "api-token-file",
      description:
        "File with the bearer token for kubernetes.apiServer, read for each request",
    }),
    kubeconfig: option(unsettable(text.FILE), {
      default: null,
      flag: "kubeconfig",
      description: "Kubeconfig file, instead of kubernetes.apiServer",
    }),
    insecure: option(BOOLEAN, {
      default: false,
      flag: "insecure",
      description:
        "Do not verify the API server's certificate; for testing only",
    }),
    node: option(text.NODE_NAME, {
      default: "",
      flag: "node",
      description:
        "Node whose pods are watched, by default NODE_NAME of the environment; empty watches all pods",
    }),
    events: option(BOOLEAN, {
      default: true,
      flag: "events",
      isReloadable: true,
      description: "Tell by Events on the pods why they get no token",
    }),
    maxStaleness: option(durationKind({ from: "1s", to: "24h" }), {
      default: "15m",
      flag: "max-staleness",
      isReloadable: true,
      description:
        "Silence of the API server after which each request needs a live lookup of its pod",
    }),
  }),
  annotations: v.object({
    serviceAccount: option(text.ANNOTATION_KEY, {
      default: "accounts.google.com/service-account",
      flag: "iam-role-key",
      isReloadable: true,
      description: "Pod annotation that names the account",
    }),
    scopes: option(text.ANNOTATION_KEY, {
      default: "accounts.google.com/scopes",
      flag: "scopes-key",
      isReloadable: true,
      description: "Pod annotation that lists the scopes",
    }),
    allowedServiceAccounts: option(text.ANNOTATION_KEY, {
      default: "accounts.google.com/allowed-service-accounts",
      flag: "namespace-key",
      isReloadable: true,
      description:
        "Namespace annotation with the JSON array of accounts that its pods may use",
    }),
  }),
  defaults: v.object({
    serviceAccount: option(text.DEFAULT_ACCOUNT, {
      default: "",
      flag: "default-service-account",
      isReloadable: true,
      description:
        "Account of pods without annotation; default is the node's own, empty is none",
    }),
    scopes: option(listKind(text.SCOPE_NAME, { type: "scopes", atLeast: 1 }), {
      default: [
        "https://www.googleapis.com/auth/cloud-platform",
        "https://www.googleapis.com/auth/userinfo.email",
      ],
      flag: "default-scopes",
      isReloadable: true,
      description: "Scopes of pods without annotation",
    }),
  }),
  restrictions: v.object({
    mode: option(
      choiceKind({ off: "off", report: "report", enforce: "enforce" }),
      {
        default: "off",
        flag: "restrictions-mode",
        shorthand: {
          flag: "namespace-restrictions",
          on: "enforce",
          off: "off",
          isStronger: false,
        },
        isReloadable: true,
        description:
          "Whether namespaces restrict their pods' accounts; report tells, but serves",
      },
    ),
  }),
  metadata: v.object({
    address: option(text.HOST_PORT, {
      default: "169.254.169.254",
      flag: "metadata-addr",
      description:
        "Real metadata server that is asked, port 80 if none is named",
    }),
    hosts: option(
      listKind(text.HOST_NAME, { type: "host names", atLeast: 0 }),
      {
        default: [],
        flag: "metadata-hosts",
        isReloadable: true,
        description:
          "Names accepted in the Host header beside those of the metadata server",
      },
    ),
    nextHop: v.object({
      enabled: option(BOOLEAN, {
        default: false,
        flag: "enable-metadata-proxy",
        description: "Send what is proxied to another metadata proxy",
      }),
      address: option(text.HOST_PORT, {
        default: "127.0.0.1:988",
        flag: "metadata-proxy-addr",
        description: "That metadata proxy, GKE's by default",
      }),
    }),
    expose: option(
      choiceKind({ standard: "standard", gke: "gke", all: "all" }),
      {
        default: "standard",
        flag: "metadata-expose",
        isReloadable: true,
        description:
          "What pods see: all but secrets of the node, what GKE shows, or everything",
      },
    ),
    allow: option(
      listKind(text.PATH_GLOB, { type: "path globs", atLeast: 0 }),
      {
        default: [],
        flag: "metadata-allow",
        isReloadable: true,
        description: "Metadata paths that pods see in addition",
      },
    ),
    deny: option(listKind(text.PATH_GLOB, { type: "path globs", atLeast: 0 }), {
      default: [],
      flag: "metadata-deny",
      isReloadable: true,
      description: "Metadata paths that pods never see, with all below",
    }),
  }),
  google: v.object({
    iamEndpoint: option(unsettable(text.BASE_URL), {
      default: null,
      flag: "iam-endpoint",
      description:
        "IAM Credentials API that mints the tokens, by default the universe's own",
    }),
    universeDomain: option(text.DOMAIN, {
      default: "googleapis.com",
      flag: "universe-domain",
      description:
        "Domain of the Google Cloud that everything is in, as pods are told too",
    }),
    credentials: option(choiceKind({ metadata: "metadata", adc: "adc" }), {
      default: "metadata",
      flag: "google-credentials",
      description:
        "Where the node's credentials come from; adc if unset and GOOGLE_APPLICATION_CREDENTIALS is set",
    }),
    lifetime: option(durationKind({ from: "5m", to: "12h" }), {
      default: "1h",
      flag: "google-lifetime",
      isReloadable: true,
      description:
        "Lifetime asked for; more than 1h needs the organisation policy's consent",
    }),
    delegates: option(listKind(text.ACCOUNT, { type: "e-mails", atLeast: 0 }), {
      default: [],
      flag: "google-delegates",
      isReloadable: true,
      description: "Accounts between the node's and the pod's, first to last",
    }),
    callsPerSecond: option(integerKind({ from: 1, to: 1_000 }), {
      default: 20,
      flag: "iam-calls-per-second",
      description: "Calls of IAM in the long run, fair between pods",
    }),
    callBurst: option(integerKind({ from: 1, to: 10_000 }), {
      default: 50,
      flag: "iam-call-burst",
      description: "Calls of IAM at once",
    }),
  }),
  tokens: v.object({
    cacheEntries: option(integerKind({ from: 100, to: 1_000_000 }), {
      default: 10_000,
      flag: "token-cache-entries",
      description:
        "Most tokens kept in memory; past it, the least recently used go",
    }),
    entriesPerPod: option(integerKind({ from: 2, to: 10_000 }), {
      default: 32,
      flag: "token-entries-per-pod",
      description:
        "Most tokens kept for what one pod asks, one an audience or set of scopes",
    }),
    prefetch: option(BOOLEAN, {
      default: true,
      flag: "token-prefetch",
      description: "Mint a pod's token as soon as the pod appears",
    }),
    rememberRefusals: option(durationKind({ from: "0", to: "10m" }), {
      default: "10s",
      flag: "token-remember-refusals",
      description: "How long IAM is not asked again for what it refused",
    }),
  }),
  interception: v.object({
    backend: option(
      choiceKind({ none: "none", iptables: "iptables", nftables: "nftables" }),
      {
        default: "none",
        flag: "interception-backend",
        shorthand: {
          flag: "iptables",
          on: "iptables",
          off: "none",
          isStronger: false,
        },
        description:
          "What sets the rules that bring pods' requests here; none leaves them to you",
      },
    ),
    address: option(text.IPV4_ADDRESS, {
      default: "169.254.169.254",
      flag: "interception-address",
      description: "IPv4 address that pods ask, always on port 80",
    }),
    ipv6Address: option(text.IPV6_ADDRESS, {
      default: "fd20:ce::254",
      flag: "interception-ipv6-address",
      description: "IPv6 address that pods ask, always on port 80",
    }),
    hostIP: option(unsettable(text.IP_ADDRESS), {
      default: null,
      flag: "host-ip",
      isReloadable: true,
      description:
        "Address of this node, by default HOST_IP of the environment",
    }),
    interfaces: option(INTERFACES, {
      default: [],
      flag: "host-interface",
      isReloadable: true,
      description:
        "Where pods' traffic comes in, such as cali+ or !eth0; by default all but the one with the node's address",
    }),
    guard: option(choiceKind({ all: "all", http: "http", off: "off" }), {
      default: "all",
      flag: "interception-guard",
      isReloadable: true,
      description:
        "What of the real metadata server is closed to pods: all TCP but DNS, only port 80, or nothing",
    }),
    connectionsPerPod: option(integerKind({ from: 0, to: 65_535 }), {
      default: 256,
      flag: "interception-connections-per-pod",
      isReloadable: true,
      description:
        "Connections to the pod-facing port that one address may have, counted by the kernel; 0 for any number",
    }),
    refuseDirect: option(BOOLEAN, {
      default: false,
      flag: "interception-refuse-direct",
      isReloadable: true,
      description:
        "Whether the pod-facing port takes only what was redirected to it, and the node's own probes",
    }),
    checkInterval: option(durationKind({ from: "1s", to: "10m" }), {
      default: "10s",
      flag: "interception-check-interval",
      isReloadable: true,
      description: "Longest time between two looks at whether the rules stand",
    }),
    watchRules: option(BOOLEAN, {
      default: true,
      flag: "interception-watch-rules",
      description: "Whether nft monitor tells of changed rules at once",
    }),
  }),
  backoff: v.object({
    maxElapsed: option(durationKind({ from: "0", to: "1h" }), {
      default: "2s",
      flag: "backoff-max-elapsed-time",
      isReloadable: true,
      description:
        "Longest wait for a pod that is not known yet; 0 answers at once",
    }),
    maxInterval: option(durationKind({ from: "10ms", to: "1h" }), {
      default: "1s",
      flag: "backoff-max-interval",
      isReloadable: true,
      description: "Longest gap between live lookups during that wait",
    }),
  }),
  telemetry: v.object({
    traceUrlTemplate: option(unsettable(text.TRACE_URL), {
      default: null,
      flag: "trace-url-template",
      isReloadable: true,
      description:
        "Where a trace can be looked at, with {traceId} in it; the page at /debug/ links there",
    }),
  }),
  log: v.object({
    format: option(choiceKind({ text: "text", json: "json" }), {
      default: "text",
      flag: "log-format",
      description: "Form of a log line",
    }),
    level: option(
      choiceKind({
        error: "error",
        warn: "warn",
        info: "info",
        debug: "debug",
        panic: "error",
        fatal: "error",
        warning: "warn",
        trace: "debug",
      }),
      {
        default: "info",
        flag: "log-level",
        shorthand: { flag: "verbose", on: "debug", isStronger: true },
        isReloadable: true,
        description: "Least severe level that is logged",
      },
    ),
    audit: option(BOOLEAN, {
      default: false,
      flag: "log-audit",
      isReloadable: true,
      description:
        "Whether a line of JSON tells of each token that is handed out or refused",
    }),
  }),
});

/** Every option, in the order of the file. */
export const OPTIONS: readonly Option[] = collectOptions(SCHEMA.entries);

const OPTIONS_BY_PATH: ReadonlyMap<string, Option> = new Map(
  OPTIONS.map((option) => [option.path, option]),
);

/**
 * Finds the option at a key path.
 *
 * @param path Key path such as `server.port`.
 * @returns The option, or `undefined` for sections and unknown paths.
 */
export function findOption(path: string): Option | undefined {
  return OPTIONS_BY_PATH.get(path);
}

/**
 * Decodes a whole configuration.
 *
 * @param values Values as in YAML by key path; the defaults stand in for the rest.
 * @returns The configuration, or every value that was refused.
 */
export function decodeConfig(
  values: ReadonlyMap<string, unknown>,
): DecodedConfig {
  const result = v.safeParse(SCHEMA, nestValues(SCHEMA.entries, values));
  if (result.success) return { outcome: "accepted", config: result.output };
  return { outcome: "refused", refusals: result.issues.map(readRefusal) };
}

function readRefusal(issue: v.BaseIssue<unknown>): Refusal {
  const keys = issue.path?.map((part) => part.key) ?? [];
  const path = keys.filter((key) => typeof key === "string").join(".");
  const option = findOption(path);
  if (option === undefined) throw new TypeError(`No option at "${path}"`);
  const item = keys.find((key) => typeof key === "number");
  return { option, value: issue.input, item };
}

function collectOptions(
  tree: Tree,
  above: readonly string[] = [],
): readonly Option[] {
  return Object.entries(tree).flatMap(([key, node]) => {
    const path = [...above, key];
    if ("entries" in node) return collectOptions(node.entries, path);
    return [{ path: path.join("."), kind: node.kind, ...node.about }];
  });
}

/** Builds the complete document: each option's value, or else its default. */
function nestValues(
  tree: Tree,
  values: ReadonlyMap<string, unknown>,
  above: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(tree).map(([key, node]) => {
      const keys = [...above, key];
      if ("entries" in node) {
        return [key, nestValues(node.entries, values, keys)];
      }
      const path = keys.join(".");
      return [key, values.has(path) ? values.get(path) : node.about.default];
    }),
  );
}
