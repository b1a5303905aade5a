import type { Config } from "../../config/config.ts";
import { deriveSettings, policyOf } from "../../config/settings.ts";
import type { Policy } from "../../core/policy.ts";

/** What manifests are checked by. */
export interface LintSettings {
  /** Keys of the annotations. */
  readonly keys: Config["annotations"];
  /** What the daemon decides by; the node's own account is not known. */
  readonly policy: Policy;
  /** Namespace of objects that name none, if it is known. */
  readonly namespace: string | undefined;
}

/**
 * Takes from a configuration what manifests are checked by.
 *
 * @param config Effective configuration.
 * @param namespace Namespace of objects that name none, if it is known.
 */
export function lintSettingsOf(
  config: Config,
  namespace: string | undefined,
): LintSettings {
  const nodeAccount = undefined;
  return {
    keys: config.annotations,
    policy: policyOf(deriveSettings(config), nodeAccount),
    namespace,
  };
}
