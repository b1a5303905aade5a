import type { RecordedRequest } from "./request_log.ts";
import { KubernetesStatusError } from "./status.ts";

/** Ways in which an API server may lawfully differ from the newest one. */
export interface KubernetesQuirks {
  /** Whether `limit` is kept or every list comes whole; kept if left out. */
  readonly limit?: "kept" | "ignored";
  /** Whether bookmarks are sent to those who want them; sent if left out. */
  readonly bookmarks?: "sent" | "never";
  /**
   * How a watch from a version that is too old is refused: by an ERROR event in a
   * stream that began with 200, or by HTTP status 410; by the event if left out.
   */
  readonly expiredWatch?: "event" | "status";
}

/** How the next requests fail. */
export interface PlannedFailure {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Seconds for the Retry-After header; no header if left out. */
  readonly retryAfterSeconds?: number;
  /** Text of the Status. */
  readonly message?: string;
  /** Which requests fail; all if left out. */
  readonly when?: (request: RecordedRequest) => boolean;
}

/** What will go wrong with the coming requests. */
export class KubernetesFaultPlan {
  /** Ways of the server that last until changed. */
  quirks: KubernetesQuirks;
  /** Milliseconds between the head and the body of a list. */
  listDelayMs = 0;
  readonly #failures: { readonly failure: PlannedFailure; left: number }[] = [];
  #cutLists = 0;

  /**
   * Creates a plan in which nothing goes wrong.
   *
   * @param quirks Ways of the server.
   */
  constructor(quirks: KubernetesQuirks) {
    this.quirks = quirks;
  }

  /**
   * Lets requests fail; plans made earlier are used up first.
   *
   * @param count How many.
   * @param failure Which ones, and how.
   */
  failNext(count: number, failure: PlannedFailure): void {
    this.#failures.push({ failure, left: count });
  }

  /** Lets the next list break off in the middle of its body. */
  cutNextList(): void {
    this.#cutLists += 1;
  }

  /** Drops all planned failures and cuts; quirks and delay stay. */
  clear(): void {
    this.#failures.length = 0;
    this.#cutLists = 0;
  }

  /**
   * Takes the failure that is planned for a request, if any.
   *
   * @param request Request that has just come.
   */
  takeFailure(request: RecordedRequest): KubernetesStatusError | undefined {
    const planned = this.#failures.find(({ failure, left }) =>
      left > 0 && (failure.when?.(request) ?? true)
    );
    if (planned === undefined) return undefined;
    planned.left -= 1;
    const { status, retryAfterSeconds, message } = planned.failure;
    const hint = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    return new KubernetesStatusError(
      status,
      message ?? `planned failure with ${status}`,
      hint,
    );
  }

  /** Takes the cut that is planned for a list; tells whether there was one. */
  takeListCut(): boolean {
    if (this.#cutLists === 0) return false;
    this.#cutLists -= 1;
    return true;
  }
}
