/** Waits on behalf of an emulator; settles early when the signal aborts. */
export type SandboxSleep = (ms: number, signal: AbortSignal) => Promise<void>;

/**
 * Something that goes wrong with an answer.
 *
 * - `status`: an error in the server's own format.
 * - `html`: an error page of a proxy in front of the server.
 * - `garbage`: status and type of the proper answer, with a body that does not parse.
 * - `cut`: the proper answer, dropped half-way through its body.
 * - `reset`: the connection is dropped before any answer.
 * - `delay`: the answer comes later.
 */
export type Fault =
  | {
    readonly kind: "status";
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
  }
  | { readonly kind: "html"; readonly status: number }
  | { readonly kind: "garbage" }
  | { readonly kind: "cut" }
  | { readonly kind: "reset" }
  | { readonly kind: "delay"; readonly ms: number };

/** A fault that replaces or spoils the answer, as opposed to one that delays it. */
export type AnswerFault = Exclude<Fault, { readonly kind: "delay" }>;

/** Which requests a fault meets. */
export interface FaultScope<T> {
  /** How many requests; unlimited when left out. */
  readonly times?: number;
  /** Selects requests; all of them when left out. */
  readonly where?: (subject: T) => boolean;
}

interface PlannedFault<T> {
  readonly fault: Fault | {
    readonly kind: "hold";
    readonly released: Promise<void>;
  };
  readonly where: (subject: T) => boolean;
  left: number;
}

/**
 * The faults that an emulator has been told to show.
 *
 * A request meets every hold and delay that matches it, then the first other fault that does.
 *
 * @typeParam T What is known of a request when faults are chosen.
 */
export class FaultPlan<T> {
  readonly #sleep: SandboxSleep;
  #planned: PlannedFault<T>[] = [];

  /**
   * Creates a plan without faults.
   *
   * @param sleep Waits for `delay` faults.
   */
  constructor(sleep: SandboxSleep) {
    this.#sleep = sleep;
  }

  /**
   * Plans a fault.
   *
   * @param fault What goes wrong.
   * @param scope Which requests, and how many; every one when left out.
   * @returns Takes the fault back; harmless when it is used up.
   */
  add(fault: Fault, scope: FaultScope<T> = {}): () => void {
    return this.#plan({
      fault,
      where: scope.where ?? ((): boolean => true),
      left: scope.times ?? Infinity,
    });
  }

  /**
   * Keeps requests waiting, those that are yet to come included.
   *
   * @param scope Which requests, and how many; every one when left out.
   * @returns Lets the held requests go on and holds no more.
   */
  hold(scope: FaultScope<T> = {}): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const remove = this.#plan({
      fault: { kind: "hold", released: promise },
      where: scope.where ?? ((): boolean => true),
      left: scope.times ?? Infinity,
    });
    return () => {
      remove();
      resolve();
    };
  }

  /** Takes back every fault; requests that are held already stay held. */
  clear(): void {
    this.#planned = [];
  }

  /**
   * Lets a request meet its faults: waits out the holds and delays.
   *
   * @param subject The request.
   * @param gone Ends the waiting when nobody listens any more.
   * @returns The fault to answer with, or `undefined` for a proper answer.
   */
  async meet(subject: T, gone: AbortSignal): Promise<AnswerFault | undefined> {
    let chosen: AnswerFault | undefined;
    const waits: ((signal: AbortSignal) => Promise<void>)[] = [];
    for (const planned of [...this.#planned]) {
      const { fault } = planned;
      const waiting = fault.kind === "hold" || fault.kind === "delay";
      if ((!waiting && chosen !== undefined) || !planned.where(subject)) {
        continue;
      }
      planned.left -= 1;
      if (planned.left <= 0) {
        this.#planned = this.#planned.filter((other) => other !== planned);
      }
      if (fault.kind === "hold") waits.push(() => fault.released);
      else if (fault.kind === "delay") {
        waits.push((signal) => this.#sleep(fault.ms, signal));
      } else chosen = fault;
    }
    for (const wait of waits) {
      if (!gone.aborted) await settleUnlessGone(wait(gone), gone);
    }
    return chosen;
  }

  #plan(planned: PlannedFault<T>): () => void {
    this.#planned.push(planned);
    return () => {
      this.#planned = this.#planned.filter((other) => other !== planned);
    };
  }
}

async function settleUnlessGone(
  wait: Promise<void>,
  gone: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = (): void => resolve();
  gone.addEventListener("abort", leave, { once: true });
  try {
    await Promise.race([wait, promise]);
  } catch (error) {
    if (!gone.aborted) throw error;
  } finally {
    gone.removeEventListener("abort", leave);
  }
}
