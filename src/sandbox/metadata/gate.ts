import type { Answer, Exchange } from "../loopback_server.ts";
import { createMetadataError } from "./answers.ts";
import type { LegacyMode } from "./node.ts";
import type { MetadataTarget } from "./query.ts";

/**
 * Refuses what the metadata server refuses by its form, before it looks for the entry.
 *
 * The interfaces `0.1` and `v1beta1` are from before the header rule and ask for no header.
 *
 * @param exchange Request to check.
 * @param target Its target, taken apart.
 * @param options Mode of the old interfaces.
 * @returns The refusal, or `undefined` to go on.
 */
export function refuseRequest(
  exchange: Exchange,
  target: MetadataTarget,
  options: { readonly legacy: LegacyMode },
): Answer | undefined {
  if (exchange.header("x-forwarded-for") !== undefined) {
    return createMetadataError(
      403,
      "Requests with X-Forwarded-For are refused.",
    );
  }
  if (!exchange.target.startsWith("/")) {
    return createMetadataError(400, "The request target must be a path.");
  }
  if (target.path.includes("%")) {
    return createMetadataError(404, "No such entry.");
  }
  if (isLegacy(target.segments)) {
    if (options.legacy === "served") return undefined;
    return createMetadataError(
      403,
      "Legacy metadata endpoints are disabled; use the /computeMetadata/v1/ endpoint.",
    );
  }
  if (target.segments.length === 0 || hasFlavor(exchange)) return undefined;
  return createMetadataError(403, "Missing Metadata-Flavor:Google header.");
}

function isLegacy(segments: readonly string[]): boolean {
  const [first, second] = segments;
  return first === "0.1" ||
    (first === "computeMetadata" && second === "v1beta1");
}

/** The older spelling is documented as deprecated and still accepted. */
function hasFlavor(exchange: Exchange): boolean {
  return exchange.header("metadata-flavor") === "Google" ||
    exchange.header("x-google-metadata-request") === "True";
}
