import type { EmulatedNode } from "./emulated_node_process.ts";

/** Pods that ask a program, from the process of the emulators so that one clock times all. */
export interface PodsCommand {
  /**
   * - `new-pods`: one after another, each asks first and is created later.
   * - `known-pods`: all are created, and later ask one after another.
   * - `burst`: all are created at once, and ask at once.
   */
  readonly kind: "new-pods" | "known-pods" | "burst";
  /** Where the program takes requests, at 127.0.0.1. */
  readonly port: number;
  /** How many pods; all are removed at the end. */
  readonly pods: number;
  /** How many accounts these have, in turn; each new, so that no token is there. */
  readonly accounts: number;
  /** How long IAM takes for each call, in milliseconds. */
  readonly iamMs: number;
}

/** Waits until a program is ready that only the emulators' network namespace can reach. */
export interface ReadyCommand {
  readonly kind: "ready";
  readonly adminPort: number;
}

/** What the process of the emulators can be told. */
export type NodeCommand = PodsCommand | ReadyCommand;

/** What came of a {@linkcode PodsCommand}; all in milliseconds. */
export interface PodTimes {
  /**
   * Of each pod, from its event (`new-pods`) or request (the others) to its answer, without
   * the time that IAM took for its token. Of `burst`, from IAM's last answer instead.
   */
  readonly overIamMs: readonly number[];
  /** From the first event or request to the last answer. */
  readonly wholeMs: number;
}

/** What the process answers. */
export type NodeAnswer =
  | { readonly outcome: "done"; readonly times?: PodTimes }
  | { readonly outcome: "failed"; readonly error: string };

/**
 * Has pods ask a program.
 *
 * @param node The emulators that the program uses.
 * @param command How many pods, and how.
 * @throws If not each of them was answered with its own account's token.
 */
export async function askFromPods(
  node: EmulatedNode,
  command: PodsCommand,
): Promise<PodTimes> {
  const { times } = await tell(node, command);
  if (times === undefined) throw new Error("The emulators told no times");
  return times;
}

/**
 * Waits until a program in the emulators' own network namespace is ready.
 *
 * @param node The emulators.
 * @param adminPort Where it tells, at 127.0.0.1.
 * @throws If it does not become ready within ten seconds.
 */
export async function waitWithin(
  node: EmulatedNode,
  adminPort: number,
): Promise<void> {
  await tell(node, { kind: "ready", adminPort });
}

async function tell(
  { dialogue }: EmulatedNode,
  command: NodeCommand,
): Promise<{ readonly times?: PodTimes }> {
  const answer: NodeAnswer = JSON.parse(
    await dialogue.ask(JSON.stringify(command)),
  );
  if (answer.outcome === "failed") throw new Error(answer.error);
  return answer;
}
