import type { SandboxSleep } from "../fault_plan.ts";
import type { Answer, Exchange } from "../loopback_server.ts";
import { createMetadataAnswer, createMetadataError } from "./answers.ts";
import { answerEntry } from "./entry.ts";
import { refuseRequest } from "./gate.ts";
import type { MetadataNode } from "./node.ts";
import { type MetadataTarget, parseMetadataTarget } from "./query.ts";
import { renderListing } from "./rendering.ts";
import { findValue, listEntries } from "./tree.ts";
import { awaitChange } from "./wait.ts";

/** What routing needs besides the request. */
export interface RouteOptions {
  /** Waits for `timeout_sec`. */
  readonly sleep: SandboxSleep;
  /** Host and port to redirect to when the client named none. */
  readonly address: string;
  /** Told the target of a request once it waits for a change, no sooner. */
  readonly onWait: (target: string) => void;
}

/**
 * Answers one request as the metadata server of a node does.
 *
 * @param exchange Request to answer; nothing is sent here.
 * @param node State to answer from; guest attributes may change it.
 * @param options Collaborators.
 */
export async function answerMetadata(
  exchange: Exchange,
  node: MetadataNode,
  options: RouteOptions,
): Promise<Answer> {
  const target = parseMetadataTarget(exchange.target);
  const refusal = refuseRequest(exchange, target, { legacy: node.legacy });
  if (refusal !== undefined) return refusal;
  if (exchange.method !== "GET" && exchange.method !== "HEAD") {
    return writeGuestAttribute(exchange, { target, node });
  }
  if (target.segments.length === 0) {
    return createMetadataAnswer(200, {
      type: "application/text",
      body: renderListing(node.root),
    });
  }
  const value = findValue(node.root, target.segments);
  if (value === undefined) return answerMissing(target, node);
  if (typeof value === "symbol") {
    const { account, tree } = node;
    if (target.slash || account === undefined) return answerNotFound();
    return await node.credentials.answer(value, target, {
      account,
      root: tree.root,
    });
  }
  const directory = listEntries(value) !== undefined;
  if (directory && !target.slash) {
    return redirect(target, exchange.header("host") ?? options.address);
  }
  if (!directory && target.slash) return answerNotFound();
  if (!target.query.waitForChange) return answerEntry(value, target);
  if (directory && !target.query.recursive) {
    return createMetadataError(
      400,
      "wait_for_change on a directory needs recursive=true.",
    );
  }
  const pending = awaitChange(value, target, {
    read: () => findValue(node.root, target.segments),
    subscribe: (listener) => node.tree.subscribe(listener),
    sleep: options.sleep,
    gone: exchange.gone,
  });
  options.onWait(exchange.target);
  const changed = await pending;
  return changed === undefined
    ? answerNotFound()
    : answerEntry(changed, target);
}

function redirect(target: MetadataTarget, host: string): Answer {
  const path = `/${target.segments.join("/")}/`;
  return createMetadataAnswer(301, {
    type: "text/html",
    body: path,
    headers: { Location: `http://${host}${path}${target.search}` },
  });
}

function answerMissing(target: MetadataTarget, node: MetadataNode): Answer {
  if (
    node.account !== undefined || !target.segments.includes("service-accounts")
  ) {
    return answerNotFound();
  }
  return createMetadataAnswer(404, {
    type: "application/json",
    body: JSON.stringify({
      error: "invalid_request",
      error_description: "Service account not enabled on this instance",
    }),
  });
}

/** Guest attributes are the one thing that a process on the VM may write. */
function writeGuestAttribute(exchange: Exchange, options: {
  readonly target: MetadataTarget;
  readonly node: MetadataNode;
}): Answer {
  const { target, node } = options;
  const path = target.segments.slice(2).join("/");
  const writable = /^instance\/guest-attributes\/[^/]+\/[^/]+$/.test(path) &&
    !target.slash;
  if (
    !writable || (exchange.method !== "PUT" && exchange.method !== "DELETE")
  ) {
    return createMetadataError(
      405,
      "The method is not allowed for this entry.",
    );
  }
  if (
    findValue(node.tree.root, ["instance", "guest-attributes"]) === undefined
  ) {
    return createMetadataError(403, "Guest attributes are disabled.");
  }
  if (exchange.method === "PUT") node.tree.set(path, exchange.body);
  else node.tree.remove(path);
  return createMetadataAnswer(200, { type: "application/text", body: "" });
}

function answerNotFound(): Answer {
  return createMetadataError(404, "No such entry.");
}
