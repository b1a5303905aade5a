import type { GaugeDefinition } from "../telemetry/instruments.ts";
import type { ConcurrencyLimit } from "./concurrency_limit.ts";

/**
 * Gives the gauges of what goes on at the pod-facing port.
 *
 * @param inFlight Requests that are being answered.
 * @param waits Those of them that wait for a change.
 */
export function requestGauges(
  inFlight: ConcurrencyLimit,
  waits: ConcurrencyLimit,
): readonly GaugeDefinition[] {
  return [
    {
      name: "saassigner_requests_in_flight",
      help: "Requests of pods that are being answered",
      read: () => inFlight.total,
    },
    {
      name: "saassigner_requests_waiting_for_change",
      help: "Requests of pods that wait for a change",
      read: () => waits.total,
    },
  ];
}
