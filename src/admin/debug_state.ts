import type { Condition } from "../core/condition.ts";
import type { TokenView } from "../core/debug_views.ts";

/** What `/debug/` shows. */
export interface DebugState {
  /** Version of the program. */
  readonly version: string;
  /** Name of the node, or empty. */
  readonly node: string;
  /** Project of the node, or empty. */
  readonly projectId: string;
  /** Conditions of readiness. */
  readonly conditions: readonly Condition[];
  /** Who may have what. */
  readonly store: unknown;
  /** Tokens in memory. */
  readonly tokens: readonly TokenView[];
  /** Where a trace can be looked at, with `{traceId}` in it; empty for nowhere. */
  readonly traceUrlTemplate: string;
}
