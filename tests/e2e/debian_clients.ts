import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Runs a command in a pod that has no environment variables but PATH and HOME. */
export type RunInPod = (...command: string[]) => Promise<string>;

/** What a client has to find in the pod where it runs. */
export interface Expected {
  /** Base URL of the storage service whose bucket `accounts` names the caller. */
  readonly storage: string;
  /** E-mail of the pod's account. */
  readonly account: string;
}

/** A client of Google's, or built on one of theirs, as Debian has it. */
export interface DebianClient {
  readonly name: string;
  /** Makes it ready; false if this machine does not have it. */
  prepare(folder: string): Promise<boolean>;
  /** Runs it in a pod, and checks what it found. */
  check(run: RunInPod, expected: Expected): Promise<void>;
}

const GO_PROGRAM = "/use_google_auth";

/** All clients that are Debian packages. */
export const DEBIAN_CLIENTS: readonly DebianClient[] = [
  {
    name: "python3-google-auth",
    prepare: () =>
      succeeds("/usr/bin/python3", ["-c", "import google.auth, requests"]),
    async check(run, { storage, account }): Promise<void> {
      const script = pathOf("../clients/use_google_auth.py");
      const text = await run("/usr/bin/python3", script, storage);
      assert.deepEqual(JSON.parse(text), {
        class: "google.auth.compute_engine.credentials",
        email: account,
        project: "demo-proj",
        files: [account],
      });
    },
  },
  {
    name: "golang-golang-x-oauth2-google-dev",
    prepare: buildGoProgram,
    async check(run, { storage, account }): Promise<void> {
      const text = await run(`.${GO_PROGRAM}`, storage);
      assert.deepEqual(JSON.parse(text), {
        onGCE: true,
        email: account,
        project: "demo-proj",
        zone: "europe-west1-b",
        cluster: "sandbox",
        isConcealed: true,
        files: [account],
      });
    },
  },
  {
    name: "rclone",
    prepare: () => succeeds("rclone", ["version"]),
    async check(run, { storage, account }): Promise<void> {
      const endpoint = `--gcs-endpoint=${storage}/storage/v1/`;
      const text = await run(
        ...["rclone", "lsf", "--config=", "--retries=1", endpoint],
        ":gcs:accounts",
      );
      assert.equal(text, `${account}\n`);
    },
  },
];

/** Builds with Debian's own compiler and libraries, which have no modules. */
function buildGoProgram(folder: string): Promise<boolean> {
  const source = pathOf("../clients/use_google_auth.go");
  return succeeds(
    "/usr/bin/go",
    ["build", "-o", folder + GO_PROGRAM, source],
    {
      PATH: "/usr/bin:/bin",
      HOME: folder,
      GOPATH: "/usr/share/gocode",
      GO111MODULE: "off",
    },
  );
}

async function succeeds(
  command: string,
  args: readonly string[],
  env?: Record<string, string>,
): Promise<boolean> {
  const options = env === undefined ? {} : { env, clearEnv: true };
  return await new Deno.Command(command, { args: [...args], ...options })
    .output()
    .then(({ success }) => success, () => false);
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
