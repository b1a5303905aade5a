import type { Io } from "../../../src/cli/io.ts";
import { examine } from "../../../src/cli/doctor/doctor.ts";
import { systemClock } from "../../../src/cli/system_clock.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { InterceptionError } from "../../../src/interception/interception_error.ts";
import type { RunCommand } from "../../../src/interception/run_command.ts";
import { type Sandbox, startSandbox } from "../../../src/sandbox/sandbox.ts";
import { sharedSigningKey } from "../../sandbox/shared_signing_key.ts";
import { recordIo } from "../recorded_io.ts";

/** Address of the machine that the doctor takes this one for. */
export const HOST_IP = "10.128.0.2";

/** What the doctor said. */
export interface Examined {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How the doctor is called. */
export interface ExamineOptions {
  readonly args?: readonly string[];
  readonly io?: Partial<Io>;
  readonly clock?: Clock;
  readonly runCommand?: RunCommand;
}

const noTools: RunCommand = (command) =>
  Promise.reject(
    new InterceptionError(`${command} is not installed`, {
      cause: new Deno.errors.NotFound(),
    }),
  );

/** Starts the emulators that the doctor looks at. */
export async function startSubject(): Promise<Sandbox> {
  return await startSandbox(systemClock, {
    signingKey: await sharedSigningKey(),
  });
}

/** Calls the doctor, on a machine without tools for rules if none are given. */
export async function callDoctor(
  { args = [], io = {}, clock = systemClock, runCommand = noTools }:
    ExamineOptions = {},
): Promise<Examined> {
  const recorded = recordIo(io);
  const code = await examine(args, recorded, {
    clock,
    runCommand,
    ownAddresses: () => [{ name: "eth0", address: HOST_IP }],
  });
  return { code, out: recorded.outText(), err: recorded.errText() };
}

/** Calls the doctor about a sandbox; its addresses in the report are the names of what is there. */
export async function examineSandbox(
  sandbox: Sandbox,
  { args = [], ...options }: ExamineOptions = {},
): Promise<Examined> {
  const examined = await callDoctor({
    args: [...sandbox.flags, ...args],
    ...options,
  });
  const out = examined.out
    .replaceAll(sandbox.kubernetes.url, "KUBERNETES")
    .replaceAll(sandbox.iam.url, "IAM")
    .replaceAll(sandbox.metadata.address, "METADATA");
  return { ...examined, out };
}
