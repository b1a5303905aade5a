import type { KubernetesExchange } from "./exchange.ts";
import { type JsonObject, type KubernetesObject, textAt } from "./json.ts";
import type { KubernetesRegistry } from "./registry.ts";
import { MERGE_PATCH, readObject, readOptionalObject } from "./request_body.ts";
import type { ObjectRef, ResourceType } from "./resources.ts";
import { sendJson } from "./response.ts";
import { badRequest } from "./status.ts";

/**
 * Answers a request that is about one object: get, create, update, patch or delete.
 *
 * @param exchange Request and response.
 * @param type Type of the object.
 * @param registry The rules to go by.
 * @throws {KubernetesStatusError} If the real server would refuse the request.
 */
export async function answerObjectRequest(
  exchange: KubernetesExchange,
  type: ResourceType,
  registry: KubernetesRegistry,
): Promise<void> {
  const { action, response, url } = exchange;
  if (action.verb !== "get" && url.searchParams.has("dryRun")) {
    throw badRequest("dryRun is not emulated: leave it out");
  }
  const object = await act(exchange, type, registry);
  sendJson(response, action.verb === "create" ? 201 : 200, object);
}

async function act(
  exchange: KubernetesExchange,
  type: ResourceType,
  registry: KubernetesRegistry,
): Promise<KubernetesObject> {
  const { request, action } = exchange;
  const { namespace, name = "" } = action;
  const place = namespace === undefined ? {} : { namespace };
  const ref: ObjectRef = { resource: type.resource, ...place, name };
  const writer = action.resource.endsWith("/status")
    ? "client-status"
    : "client";
  switch (action.verb) {
    case "create": {
      const sent = await readObject(request, "application/json");
      return registry.create(type, sent, { writer, namespace });
    }
    case "update":
      return registry.replace(
        ref,
        await readObject(request, "application/json"),
        { writer },
      );
    case "patch":
      return registry.patch(ref, await readObject(request, MERGE_PATCH), {
        writer,
      });
    case "delete":
      return registry.remove(
        ref,
        preconditionsOf(await readOptionalObject(request)),
      );
    default:
      return registry.get(ref);
  }
}

function preconditionsOf(
  options: JsonObject,
): { uid: string; resourceVersion: string } {
  return {
    uid: textAt(options, "preconditions.uid"),
    resourceVersion: textAt(options, "preconditions.resourceVersion"),
  };
}
