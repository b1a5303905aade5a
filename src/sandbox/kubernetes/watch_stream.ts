import type { ServerResponse } from "node:http";
import type { JsonObject } from "./json.ts";
import type { ResourceType } from "./resources.ts";
import type { StoreEvent } from "./store.ts";
import { makeBookmark, seeThrough, type WatchEvent } from "./watch_event.ts";

/** What a watch stream shows. */
export interface WatchStreamOptions {
  /** Type of the watched objects. */
  readonly type: ResourceType;
  /** Which of them. */
  readonly selects: (object: JsonObject) => boolean;
  /** Whether the client is sent BOOKMARK events. */
  readonly bookmarks: "wanted" | "unwanted";
}

/** One open watch: a response that goes on for as long as both sides like. */
export class WatchStream {
  /** Type of the watched objects. */
  readonly type: ResourceType;
  readonly #response: ServerResponse;
  readonly #options: WatchStreamOptions;
  #held: string[] | undefined;
  #cut: "no" | "next" | "done" = "no";

  /**
   * Begins the response: status and headers go out at once, before any event.
   *
   * @param response Response to write to.
   * @param options What the stream shows.
   */
  constructor(response: ServerResponse, options: WatchStreamOptions) {
    this.type = options.type;
    this.#response = response;
    this.#options = options;
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Cache-Control": "no-cache, private",
    });
    response.flushHeaders();
  }

  /**
   * Sends what this watch sees of a change, if anything.
   *
   * @param change Change of one object.
   */
  deliver(change: StoreEvent): void {
    if (change.resource !== this.type.resource) return;
    const event = seeThrough(change, this.#options.selects);
    if (event !== undefined) this.send(event);
  }

  /**
   * Sends a BOOKMARK if the client wants bookmarks.
   *
   * @param version Version that the client has seen everything of.
   * @param ends Set when the bookmark ends the initial events.
   */
  bookmark(version: number, ends?: "initial-events"): void {
    if (this.#options.bookmarks === "unwanted") return;
    const mark = ends === undefined ? {} : { ends };
    this.send(makeBookmark(this.type, { version, ...mark }));
  }

  /**
   * Sends one event, or keeps it while the stream is silent.
   *
   * @param event Event to send.
   */
  send(event: WatchEvent): void {
    this.sendLine(JSON.stringify(event));
  }

  /**
   * Sends one line, whatever is in it, or keeps it while the stream is silent.
   *
   * @param line Line without its end.
   */
  sendLine(line: string): void {
    if (this.#response.writableEnded || this.#cut === "done") return;
    if (this.#held !== undefined) this.#held.push(line);
    else if (this.#cut === "next") this.#sendHalf(line);
    else this.#response.write(`${line}\n`);
  }

  /** Keeps every line back until {@linkcode speak}. */
  silence(): void {
    this.#held ??= [];
  }

  /** Sends what was kept back, and everything from now on. */
  speak(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const line of held) this.sendLine(line);
  }

  /** Breaks the connection in the middle of the next line. */
  cutNext(): void {
    this.#cut = "next";
  }

  /** Ends the response as a server does that has nothing more to say. */
  end(): void {
    this.#response.end();
  }

  #sendHalf(line: string): void {
    this.#cut = "done";
    const half = line.slice(0, line.length >> 1);
    this.#response.write(half, () => this.#response.destroy());
  }
}
