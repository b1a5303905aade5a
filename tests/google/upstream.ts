import { UpstreamClient } from "../../src/metadata/upstream_client.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { clockOf } from "./manual_clock.ts";

/** Connects with patience of 3 s by a time of its own, which stands still unless given. */
export function connectUpstream(
  server: { readonly address: string },
  time: ManualTime = new ManualTime(),
): UpstreamClient {
  return new UpstreamClient({
    address: server.address,
    timeoutMs: 3_000,
    clock: clockOf(time),
  });
}
