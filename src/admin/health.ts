import type { Condition } from "../core/condition.ts";
import type { GaugeDefinition } from "../telemetry/instruments.ts";

/** What a health probe is told. */
export interface Health {
  /** Address of the node, as configured. */
  readonly hostIP: string | undefined;
  /** Project of the node, once the metadata server told it. */
  readonly projectId: string | undefined;
}

/**
 * Writes the health answer, as the Go original had it.
 *
 * @param health What is known; an unknown value is an empty string.
 */
export function healthText(health: Health): string {
  return JSON.stringify({
    hostIP: health.hostIP ?? "",
    projectId: health.projectId ?? "",
  });
}

/**
 * Writes the conditions as the API server writes its checks.
 *
 * @param conditions All conditions.
 */
export function conditionsText(conditions: readonly Condition[]): string {
  const lines = conditions.map(({ name, ok, detail }) =>
    `[${ok ? "+" : "-"}]${name} ${ok ? "ok" : "failed"}: ${detail}\n`
  );
  return lines.join("");
}

/**
 * Gives the gauge of readiness.
 *
 * @param conditions What must be so before the daemon is ready.
 */
export function readinessGauge(
  conditions: () => readonly Condition[],
): GaugeDefinition {
  return {
    name: "saassigner_ready",
    help: "Whether all conditions of readiness hold",
    read: () => Number(conditions().every(({ ok }) => ok)),
  };
}
