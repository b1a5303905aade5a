/**
 * The effective configuration: every value decoded and present.
 *
 * Says what the daemon runs with and nothing about how it was written; flags,
 * YAML and defaults are gone. Durations are milliseconds.
 */
export interface Config {
  /** The listener that the pods' requests arrive at. */
  readonly server: {
    /** Address to listen on, in canonical form. */
    readonly address: string;
    /** TCP port; 0 picks a free one. */
    readonly port: number;
    /** TCP port where another daemon of the node still has `port`; 0 for none. */
    readonly handoverPort: number;
  };
  /** The listener for health, metrics and debugging. */
  readonly admin: {
    /** Address to listen on, in canonical form. */
    readonly address: string;
    /** TCP port; 0 picks a free one. */
    readonly port: number;
    /** Path of a Unix socket that tells the same. */
    readonly socket: string | undefined;
    /** Whether the debug pages are served. */
    readonly debug: boolean;
  };
  /** How pods and namespaces are watched. */
  readonly kubernetes: {
    /** URL of the API server, without trailing slash. */
    readonly apiServer: string | undefined;
    /** Bearer token for `apiServer`. Secret. */
    readonly apiToken: string | undefined;
    /** File that holds the bearer token for `apiServer`. */
    readonly apiTokenFile: string | undefined;
    /** Kubeconfig file that names the API server. */
    readonly kubeconfig: string | undefined;
    /** Whether the API server's certificate goes unverified. */
    readonly insecure: boolean;
    /** Name of the node whose pods are watched; empty for every pod. */
    readonly node: string;
    /** Whether Events on the pods tell why they get no token. */
    readonly events: boolean;
    /** Age of the last contact with the API server, in milliseconds, past which the index alone is not trusted. */
    readonly maxStaleness: number;
  };
  /** Keys of the annotations that are read. */
  readonly annotations: {
    /** On pods: the account. */
    readonly serviceAccount: string;
    /** On pods: the scopes. */
    readonly scopes: string;
    /** On namespaces: the accounts that pods may use. */
    readonly allowedServiceAccounts: string;
  };
  /** What a pod without annotations gets. */
  readonly defaults: {
    /** An e-mail, `default` for the node's own account, or empty for none. */
    readonly serviceAccount: string;
    /** Scopes as they were written, short names included; at least one. */
    readonly scopes: readonly string[];
  };
  /** Whether namespaces restrict which accounts their pods may use. */
  readonly restrictions: {
    /** `report` evaluates and tells, but serves. */
    readonly mode: "off" | "report" | "enforce";
  };
  /** The real metadata server, and what of it pods may see. */
  readonly metadata: {
    /** `host` or `host:port` of the real metadata server. */
    readonly address: string;
    /** Host names that requests may carry beside the well-known ones, in lower case. */
    readonly hosts: readonly string[];
    /** Another metadata proxy that gets what is not answered here. */
    readonly nextHop: {
      /** Whether proxied requests go there. */
      readonly enabled: boolean;
      /** Its `host` or `host:port`. */
      readonly address: string;
    };
    /** Profile of the entries that pods may see. */
    readonly expose: "standard" | "gke" | "all";
    /** Path globs, relative to `/computeMetadata/v1/`, shown in addition. */
    readonly allow: readonly string[];
    /** Path globs, relative to `/computeMetadata/v1/`, concealed in any case. */
    readonly deny: readonly string[];
  };
  /** How tokens are minted. */
  readonly google: {
    /** Base URL of the IAM Credentials API, without trailing slash; unset is the universe's own. */
    readonly iamEndpoint: string | undefined;
    /** Domain of the Google Cloud that everything is in. */
    readonly universeDomain: string;
    /** Where the node's own credentials come from. */
    readonly credentials: "metadata" | "adc";
    /** Lifetime to ask for, in milliseconds. */
    readonly lifetime: number;
    /** Accounts of the delegation chain, first to last. */
    readonly delegates: readonly string[];
    /** Calls of IAM a second in the long run. */
    readonly callsPerSecond: number;
    /** Calls of IAM at once. */
    readonly callBurst: number;
  };
  /** How tokens are kept. */
  readonly tokens: {
    /** Most tokens in memory; past it, the least recently used go. */
    readonly cacheEntries: number;
    /** Most tokens in memory for what one pod asks. */
    readonly entriesPerPod: number;
    /** Whether a pod's token is minted as soon as the pod appears. */
    readonly prefetch: boolean;
    /** How long a refusal by IAM is remembered, in milliseconds. */
    readonly rememberRefusals: number;
  };
  /** How the pods' traffic is brought here. */
  readonly interception: {
    /** What sets the rules; `none` leaves them to somebody else. */
    readonly backend: "none" | "iptables" | "nftables";
    /** IPv4 address that pods ask, in canonical form. */
    readonly address: string;
    /** IPv6 address that pods ask, in canonical form. */
    readonly ipv6Address: string;
    /** Address of this node, in canonical form; set if there is a backend. */
    readonly hostIP: string | undefined;
    /**
     * Interfaces that pods' traffic comes in by. A `+` at the end stands for any rest.
     * One entry alone may begin with `!`: every interface but that one. None at all:
     * every interface but the one that carries `hostIP`.
     */
    readonly interfaces: readonly string[];
    /** What of the real metadata server is closed to pods: all TCP but DNS, only port 80, or nothing. */
    readonly guard: "all" | "http" | "off";
    /** Connections to the pod-facing port that one address may have; 0 for any number. */
    readonly connectionsPerPod: number;
    /** Whether the pod-facing port takes only what was redirected, and the node's own. */
    readonly refuseDirect: boolean;
    /** Longest time between two looks at the rules, in milliseconds. */
    readonly checkInterval: number;
    /** Whether changes of rules are watched too. */
    readonly watchRules: boolean;
  };
  /** How long a request waits for its pod to become known. */
  readonly backoff: {
    /** Longest wait, in milliseconds; 0 does not wait. */
    readonly maxElapsed: number;
    /** Longest gap between live lookups, in milliseconds. */
    readonly maxInterval: number;
  };
  /** Where what is measured can be looked at. */
  readonly telemetry: {
    /** URL of a trace, with `{traceId}` in it; for links of the debug page. */
    readonly traceUrlTemplate: string | undefined;
  };
  /** What is logged. */
  readonly log: {
    /** Form of a line. */
    readonly format: "text" | "json";
    /** Least severe level that is written. */
    readonly level: "error" | "warn" | "info" | "debug";
    /** Whether each token that is handed out or refused is written as a line of JSON. */
    readonly audit: boolean;
  };
}

/** Where a value came from. */
export type Origin =
  | { readonly kind: "default" }
  | {
    readonly kind: "file";
    /** File as it was named. */
    readonly file: string;
    /** Line of the value, from 1. */
    readonly line: number;
    /** Column of the value, from 1. */
    readonly column: number;
  }
  | {
    readonly kind: "flag";
    /** Flag as it was typed, with its dashes and without its value. */
    readonly flag: string;
  }
  | {
    readonly kind: "environment";
    /** Name of the variable. */
    readonly name: string;
  };

/** A configuration that may be used, and how it came about. */
export interface LoadedConfig {
  /** The effective values. */
  readonly config: Config;
  /** Origin of every value by key path, such as `server.port`. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** What is accepted but worth saying once at start, one sentence each. */
  readonly warnings: readonly string[];
  /** The file that was read, as it was named. */
  readonly file: string | undefined;
}
