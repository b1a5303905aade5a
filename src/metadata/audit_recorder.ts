import { createHash } from "node:crypto";
import type { Log } from "../telemetry/log.ts";
import type { Exchange } from "./handler.ts";

/** What {@linkcode createAuditRecorder} needs. */
export interface AuditRecorderOptions {
  /** Takes one line a token, as JSON. */
  readonly log: Log;
  /** Whether lines are wanted; asked each time. */
  readonly isOn: () => boolean;
}

/**
 * Creates the recorder that writes who was given which token, or was refused one.
 *
 * A token is told by the start of its SHA-256, by which one that turns up somewhere
 * can be traced back to the pod, and which is of no use to anybody else.
 *
 * @param options Where to, and whether.
 */
export function createAuditRecorder(
  { log, isOn }: AuditRecorderOptions,
): (exchange: Exchange) => void {
  return (exchange) => {
    const { route, wanted, caller, decision, answer, address } = exchange;
    const entry = route.kind === "entry" ? route.entry : undefined;
    if (entry !== "token" && entry !== "identity" || !isOn()) return;
    const token = answer.status === 200 ? exchange.token : undefined;
    log("info", token === undefined ? "Token refused" : "Token granted", {
      kind: entry === "token" ? "access-token" : "id-token",
      address,
      namespace: caller?.pod.namespace,
      pod: caller?.pod.name,
      uid: caller?.pod.uid,
      serviceAccount: caller?.pod.serviceAccountName,
      account: decision?.outcome === "allow" ? decision.account : undefined,
      scopes: wanted?.kind === "access-token"
        ? wanted.scopes.join(" ")
        : undefined,
      audience: wanted?.kind === "id-token" ? wanted.audience : undefined,
      status: answer.status,
      reason: answer.reason,
      tokenHash: token === undefined ? undefined : hashOf(token),
    });
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex").slice(0, 16);
}
