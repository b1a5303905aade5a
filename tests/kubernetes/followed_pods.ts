import assert from "node:assert/strict";
import type { Pod } from "../../src/core/pod.ts";
import type { ApiClient } from "../../src/kubernetes/api_client.ts";
import { decodePod } from "../../src/kubernetes/decode.ts";
import {
  type CollectionEvent,
  listAndWatch,
} from "../../src/kubernetes/list_and_watch.ts";
import type { KubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import { ANNOTATIONS, createApiClient, LogLines, NODE } from "./api_setup.ts";
import { SwiftTime } from "./swift_time.ts";

/** Pods of one node as list-and-watch tells of them, read event by event. */
export class FollowedPods implements AsyncDisposable {
  readonly time: SwiftTime = new SwiftTime();
  readonly written: LogLines = new LogLines();
  readonly #client: ApiClient;
  readonly #ending = new AbortController();
  readonly #events: AsyncGenerator<CollectionEvent<Pod>, void, void>;

  constructor(
    url: string,
    options: {
      readonly token?: string;
      readonly random?: () => number;
      readonly fieldSelector?: string;
    } = {},
  ) {
    const { random, fieldSelector, ...credentials } = {
      random: () => 0.5,
      fieldSelector: `spec.nodeName=${NODE}`,
      ...options,
    };
    const { clock } = this.time;
    this.#client = createApiClient(url, { clock, ...credentials });
    this.#events = listAndWatch({
      path: "/api/v1/pods",
      fieldSelector,
      decode: (object) => decodePod(object, ANNOTATIONS),
    }, {
      api: this.#client,
      clock,
      random,
      log: this.written.log,
      signal: this.#ending.signal,
    });
  }

  /** The next event, contacts included; `undefined` at the end. */
  async next(): Promise<CollectionEvent<Pod> | undefined> {
    const { value } = await this.#events.next();
    return value ?? undefined;
  }

  /** The next event that tells something, as one line. */
  async news(): Promise<string | undefined> {
    while (true) {
      const event = await this.next();
      if (event?.kind !== "contact") {
        return event === undefined ? undefined : describe(event);
      }
    }
  }

  /** Reads the first list and waits until the watch is open. */
  async begin(api: KubernetesApi): Promise<string | undefined> {
    const first = await this.news();
    assert.deepEqual(await this.next(), { kind: "contact" });
    await api.watching("pods", 1);
    return first;
  }

  /** Fires the signal. */
  end(): void {
    this.#ending.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    while (await this.next() !== undefined);
    assert.equal(this.time.manual.sleeping, 0, "a timer is left");
    this.#client[Symbol.dispose]();
  }
}

function describe(
  event: Exclude<CollectionEvent<Pod>, { readonly kind: "contact" }>,
): string {
  const pods = event.kind === "replaced" ? event.items : [event.item];
  const names = pods.map(({ name, accountAnnotation }) =>
    accountAnnotation === undefined ? name : `${name}=${accountAnnotation}`
  );
  return [event.kind, ...names].join(" ");
}
