import { InterceptionError } from "../../src/interception/interception_error.ts";
import type {
  CommandResult,
  RunCommand,
} from "../../src/interception/run_command.ts";

/** A machine with `nft` alone, which keeps one table and can be made to fail. */
export class FakeNft {
  /** Elements of the table, or `undefined` if there is none. */
  elements: readonly unknown[] | undefined;
  /** What each command prints on standard error instead of working. */
  failure: string | undefined;
  /** Whether documents are taken but have no effect. */
  isForgetful = false;
  /** Number of listings given. */
  reads = 0;
  /** Number of documents taken. */
  writes = 0;
  #running = 0;
  /** Most commands that ran at the same time. */
  mostRunning = 0;

  readonly run: RunCommand = async (command, args, { input }) => {
    if (command !== "nft") {
      throw new InterceptionError(`${command} is not installed`);
    }
    this.mostRunning = Math.max(this.mostRunning, ++this.#running);
    try {
      await Promise.resolve();
      return this.#answer(args, input);
    } finally {
      this.#running--;
    }
  };

  #answer(args: readonly string[], input: string | undefined): CommandResult {
    if (this.failure !== undefined) return fail(this.failure);
    if (args.includes("list")) {
      this.reads++;
      return this.elements === undefined
        ? fail("Error: No such file or directory")
        : succeed(JSON.stringify({ nftables: this.elements }));
    }
    this.writes++;
    if (!this.isForgetful) this.elements = readAdded(input ?? "");
    return succeed("");
  }
}

/** The elements added after the last removal. */
function readAdded(document: string): readonly unknown[] {
  const { nftables } = JSON.parse(document);
  const table = { table: { family: "inet", name: "saassigner" } };
  const added = nftables.flatMap((command: Record<string, unknown>) =>
    command["add"] ?? []
  );
  const isTable = (element: Record<string, unknown>): boolean =>
    "table" in element;
  const hasSpec = (element: Record<string, Record<string, unknown>>): boolean =>
    element["chain"] === undefined || "hook" in element["chain"];
  return [
    table,
    ...added.filter((element: Record<string, Record<string, unknown>>) =>
      !isTable(element) && hasSpec(element)
    ),
  ];
}

function succeed(stdout: string): CommandResult {
  return { code: 0, stdout, stderr: "" };
}

function fail(stderr: string): CommandResult {
  return { code: 1, stdout: "", stderr };
}
