import type { Condition } from "../core/condition.ts";
import type { GaugeDefinition } from "../telemetry/instruments.ts";
import type { NodeInterception } from "./node_interception.ts";

/**
 * Tells for readiness whether pods' requests are brought here and kept from the real server.
 *
 * @param interception Keeper of the rules.
 */
export function describeInterception({ state }: NodeInterception): Condition {
  return { name: "interception", ok: state.ok, detail: state.detail };
}

/**
 * Gives the gauges of the interception.
 *
 * @param interception Keeper of the rules.
 */
export function interceptionGauges(
  interception: NodeInterception,
): readonly GaugeDefinition[] {
  return [
    {
      name: "saassigner_interception_ok",
      help: "Whether all interception rules were in place at the last look",
      read: () => Number(interception.state.ok),
    },
    {
      name: "saassigner_interception_drifts_total",
      isCounter: true,
      help:
        "Checks that found interception rules missing, changed or out of order",
      read: () => interception.state.drifts,
    },
    {
      name: "saassigner_interception_repairs_total",
      isCounter: true,
      help: "Checks that restored interception rules",
      read: () => interception.state.repairs,
    },
  ];
}
