import { Exposure } from "../core/exposure.ts";
import type { DefaultAccount, Policy } from "../core/policy.ts";
import { canonicalScopes } from "../core/scopes.ts";
import type { Config } from "./config.ts";

/** The configuration in force, with what is derived from it once. */
export interface Settings {
  /** The configuration itself. */
  readonly config: Config;
  /** What pods may see of the real metadata server. */
  readonly exposure: Exposure;
  /** Canonical scopes of pods without a scopes annotation. */
  readonly defaultScopes: readonly string[];
}

/**
 * Derives what requests need from a configuration.
 *
 * @param config Effective configuration.
 */
export function deriveSettings(config: Config): Settings {
  return {
    config,
    exposure: new Exposure(config.metadata),
    defaultScopes: canonicalScopes(config.defaults.scopes) ?? [],
  };
}

/**
 * Tells the policy that a configuration means.
 *
 * @param settings Configuration in force.
 * @param nodeAccount E-mail of the node's own account, once known.
 * @returns The same object as long as both stay as they are.
 */
export function policyOf(
  settings: Settings,
  nodeAccount: string | undefined,
): Policy {
  const known = policies.get(settings);
  if (known !== undefined && known.nodeAccount === nodeAccount) {
    return known.policy;
  }
  const { config, defaultScopes } = settings;
  const { serviceAccount } = config.defaults;
  const policy: Policy = {
    defaultAccount: defaultAccountOf(serviceAccount, nodeAccount),
    defaultScopes,
    restrictions: config.restrictions.mode,
  };
  policies.set(settings, { nodeAccount, policy });
  return policy;
}

const policies = new WeakMap<
  Settings,
  { readonly nodeAccount: string | undefined; readonly policy: Policy }
>();

function defaultAccountOf(
  option: string,
  nodeAccount: string | undefined,
): DefaultAccount {
  if (option === "") return { kind: "none" };
  const account = option === "default" ? nodeAccount : option;
  return account === undefined
    ? { kind: "unresolved" }
    : { kind: "account", account };
}

/**
 * Tells where the IAM Credentials API is.
 *
 * @param google What the configuration says of Google.
 * @returns Base URL without trailing slash.
 */
export function iamEndpointOf(google: Config["google"]): string {
  return google.iamEndpoint ??
    `https://iamcredentials.${google.universeDomain}`;
}
