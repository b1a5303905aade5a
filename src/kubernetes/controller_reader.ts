import {
  type Controller,
  controllerKindOf,
  type OwnerRef,
} from "../core/controller.ts";
import { describeError } from "../telemetry/log.ts";
import { type ApiClient, KubernetesApiError } from "./api_client.ts";
import type { AnnotationKeys } from "./decode.ts";
import { decodeController } from "./decode_controller.ts";

/** What made a pod, as far as it can be told. */
export interface ControllerChain {
  /** Controllers by name, the nearest first. */
  readonly owners: readonly OwnerRef[];
  /** The outermost one; `undefined` if there may be another. */
  readonly outermost: OwnerRef | undefined;
  /** The outermost one, if it has the account beside its template. */
  readonly misplaced: Controller | undefined;
  /** Why a controller was not looked at; `undefined` if all were. */
  readonly unread: string | undefined;
}

/** How {@linkcode readControllers} asks. */
export interface ControllerQuery {
  /** Reads from the API server. */
  readonly api: ApiClient;
  /** Keys of the annotations. */
  readonly keys: AnnotationKeys;
  /** Ends what is being read. */
  readonly signal: AbortSignal;
}

/** A pod of a CronJob has two. */
const MAX_OWNERS = 4;

/**
 * Follows what made a pod from controller to controller. Never throws: the daemon's own
 * account may read none of them.
 *
 * @param first What controls the pod.
 * @param namespace Namespace of the pod, and so of all its controllers.
 * @param query How to ask.
 */
export async function readControllers(
  first: OwnerRef,
  namespace: string,
  query: ControllerQuery,
): Promise<ControllerChain> {
  const owners: OwnerRef[] = [];
  let misplaced: Controller | undefined;
  for (let owner = first; owners.length < MAX_OWNERS;) {
    owners.push(owner);
    let controller: Controller | undefined;
    try {
      controller = await readController(owner, namespace, query);
    } catch (error) {
      const unread = `${owner.kind} ${owner.name} was not looked at: ${
        describeRefusal(error, owner)
      }`;
      return { owners, outermost: undefined, misplaced: undefined, unread };
    }
    if (controller === undefined) break;
    // A Deployment's ReplicaSets have copies of its annotations: the outermost one counts.
    misplaced = controller.misplaced && controller;
    if (controller.owner === undefined) break;
    owner = controller.owner;
  }
  return { owners, outermost: owners.at(-1), misplaced, unread: undefined };
}

async function readController(
  owner: OwnerRef,
  namespace: string,
  { api, keys, signal }: ControllerQuery,
): Promise<Controller | undefined> {
  const type = controllerKindOf(owner);
  if (type === undefined) return undefined;
  const path = `/apis/${type.group}/v1/namespaces/${
    encodeURIComponent(namespace)
  }/${type.resource}/${encodeURIComponent(owner.name)}`;
  try {
    const object = await api.read(path, signal);
    const controller = decodeController(object, type, keys);
    // Another one may have the name by now.
    return controller?.uid === owner.uid ? controller : undefined;
  } catch (error) {
    if (error instanceof KubernetesApiError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}

function describeRefusal(error: unknown, owner: OwnerRef): string {
  const isRefused = error instanceof KubernetesApiError && error.status === 403;
  return isRefused
    ? `RBAC: this account may not get ${controllerKindOf(owner)?.resource}`
    : describeError(error);
}
