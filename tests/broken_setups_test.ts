import assert from "node:assert/strict";
import { examine } from "../src/cli/doctor/doctor.ts";
import { EXPLAIN_COMMAND } from "../src/cli/explain.ts";
import { InterceptionError } from "../src/interception/interception_error.ts";
import { systemClock } from "../src/cli/system_clock.ts";
import { textAt } from "../src/sandbox/kubernetes/json.ts";
import {
  namespaceObject,
  nodeObject,
  type PodDescription,
  podObject,
} from "../src/sandbox/kubernetes/objects.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/sandbox.ts";
import { SANDBOX_NODE } from "../src/sandbox/sandbox_pods.ts";
import { createMisplaced } from "./cli/explain_cluster.ts";
import { recordIo } from "./cli/recorded_io.ts";
import { clockOf } from "./google/manual_clock.ts";
import { TOKEN } from "./pod_client.ts";
import { sharedSigningKey } from "./sandbox/shared_signing_key.ts";
import { ManualTime } from "./sandbox/manual_time.ts";
import { startPreparedDaemon, type TestDaemon } from "./test_daemon.ts";

const ACCOUNT = "accounts.google.com/service-account";
const TYPO = "accounts.google.com/service-acount";
const ALLOWED = "accounts.google.com/allowed-service-accounts";
const APP = "app@demo-proj.iam.gserviceaccount.com";
const ADMIN = "admin@demo-proj.iam.gserviceaccount.com";
const UNBOUND = "unbound@demo-proj.iam.gserviceaccount.com";

/** Lets in a person who may do anything. */
const PERSON = "person";
const ADDRESS = "127.0.0.50";
const NAME = "broken";

const GRANT = new RegExp(
  `gcloud iam service-accounts add-iam-policy-binding ${UNBOUND} --member=serviceAccount:gke-node@\\S+ --role=roles/iam\\.serviceAccountTokenCreator`,
);
const ALLOW = new RegExp(
  `kubectl annotate --overwrite namespace team '${ALLOWED}=\\["app@\\*","unbound@\\*","${ADMIN}"\\]'`,
);
const MOVE =
  /Move \S+ from metadata\.annotations to spec\.template\.metadata\.annotations of the Deployment web: kubectl patch deployment web --namespace team --type merge --patch '\{"spec":\{"template":/;
const RENAME = new RegExp(`Rename ${TYPO} to ${ACCOUNT} in the annotations of`);
const OFF_NODE =
  /Run the pod without hostNetwork, or give the node's own account what it needs/;

/** A setup that gives the pod no token, and what has to be said of it. */
interface Setup {
  readonly pod: Partial<PodDescription>;
  /** Creates what makes the pod, and puts it in. */
  readonly prepare?: (sandbox: Sandbox) => Partial<PodDescription>;
  /** Status of the pod's request for a token; it asks in vain, or past the daemon. */
  readonly status?: number;
  /** Beginning of the Event, and what it says to do. */
  readonly event: readonly [RegExp, RegExp];
  /** Decision of `explain`, and what it says to do. */
  readonly explain: readonly [RegExp, RegExp];
  /** Finding of `doctor`, and what it says to do. */
  readonly doctor: readonly [RegExp, RegExp];
}

const SETUPS: Readonly<Record<string, Setup>> = {
  "no binding in IAM": {
    pod: { annotations: { [ACCOUNT]: UNBOUND } },
    status: 403,
    event: [
      /^TokenRefused: IAM does not let the node act as unbound@.* \[iam-denied\]/,
      /the node's account needs roles\/iam\.serviceAccountTokenCreator on it$/,
    ],
    explain: [/^ {2}DENIED iam-denied$/m, GRANT],
    doctor: [/^failed +account +unbound@/m, GRANT],
  },
  "an account that the namespace does not allow": {
    pod: { annotations: { [ACCOUNT]: ADMIN } },
    status: 403,
    event: [/^ServiceAccountDenied: No pattern .* \[namespace-denied\]/, ALLOW],
    explain: [/^ {2}DENIED namespace-denied$/m, ALLOW],
    doctor: [/^failed +namespace +team .*1 of 1 pods are refused/m, ALLOW],
  },
  "the annotation on the Deployment instead of its template": {
    pod: {},
    prepare: ({ kubernetes }) => ({
      owner: createMisplaced(kubernetes, "team"),
    }),
    status: 404,
    event: [
      /^ServiceAccountDenied: The pod has no .* \[no-account\]/,
      /Annotate the pod, or the template of its controller \(not the controller itself\), with accounts\.google\.com\/service-account/,
    ],
    explain: [/^ {2}DENIED no-account$/m, MOVE],
    doctor: [/^failed +controller +Deployment team\/web has /m, MOVE],
  },
  "a typo in the annotation's key": {
    pod: { annotations: { [TYPO]: APP } },
    status: 404,
    event: [/^AnnotationMalformed: The pod has .* \[no-account\]/, RENAME],
    explain: [/^ {2}DENIED no-account$/m, RENAME],
    doctor: [/^failed +pod +team\/broken has the annotation /m, RENAME],
  },
  "a pod on the node's network": {
    pod: { annotations: { [ACCOUNT]: APP }, hostNetwork: true },
    event: [/^NotIntercepted: .* \[host-network\]/, OFF_NODE],
    explain: [/^ {2}DENIED host-network$/m, OFF_NODE],
    doctor: [/^warning +pod +team\/broken uses the node's network/m, OFF_NODE],
  },
};

const ENFORCE = "--restrictions-mode=enforce";
const MAX_STEPS = 500;

/** The one Event of the broken pod; its time goes on until it is there. */
async function awaitEvent(
  { ask, sandbox }: TestDaemon,
  time: ManualTime,
): Promise<string> {
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const events = sandbox.kubernetes.cluster.list("events")
      .filter((event) => textAt(event, "regarding.name") === NAME)
      .map((each) => `${textAt(each, "reason")}: ${textAt(each, "note")}`);
    const [event] = events;
    if (event !== undefined) {
      assert.equal(events.length, 1, events.join("\n"));
      return event;
    }
    time.advance(250);
    // Whatever is under way has time to end.
    await ask({ from: "127.0.0.11", path: TOKEN });
  }
  throw new Error("There is no Event");
}

async function explain(flags: readonly string[]): Promise<string> {
  const io = recordIo();
  const args = [...flags, `team/${NAME}`];
  assert.equal(await EXPLAIN_COMMAND.run(args, io), 3, io.outText());
  return io.outText();
}

async function callDoctor(flags: readonly string[]): Promise<string> {
  const io = recordIo();
  await examine(flags, io, {
    clock: systemClock,
    runCommand: (command) =>
      Promise.reject(new InterceptionError(`${command} is not installed`)),
    ownAddresses: () => [],
  });
  return io.outText();
}

/** Finds what is wrong in a text, and behind it what to do. */
function assertSays(
  text: string,
  [wrong, fix]: readonly [RegExp, RegExp],
): void {
  const at = wrong.exec(text);
  assert.ok(at, text);
  assert.match(text.slice(at.index + at[0].length), fix);
}

for (const [name, setup] of Object.entries(SETUPS)) {
  Deno.test(`${name}: Event, explain and doctor say what is wrong and what to change`, async () => {
    const { pod, prepare, status, event, explain: decision, doctor } = setup;
    const time = new ManualTime(Date.now());
    await using daemon = await startPreparedDaemon({
      flags: [ENFORCE],
      clock: clockOf(time),
      prepare: (sandbox) => {
        const { kubernetes, iam } = sandbox;
        iam.accounts.add(UNBOUND);
        kubernetes.cluster.create(namespaceObject({
          name: "team",
          annotations: { [ALLOWED]: '["app@*","unbound@*"]' },
        }));
        kubernetes.cluster.create(podObject({
          name: NAME,
          namespace: "team",
          nodeName: SANDBOX_NODE,
          podIP: ADDRESS,
          ...pod,
          ...prepare?.(sandbox),
        }));
      },
    });
    const { sandbox } = daemon;
    if (status !== undefined) {
      await daemon.askUntil(
        { from: ADDRESS, path: TOKEN },
        (answer) => answer.status === status,
      );
    }
    assertSays(await awaitEvent(daemon, time), event);
    sandbox.kubernetes.acceptTokens([sandbox.apiToken, PERSON]);
    const flags = [...sandbox.flags, ENFORCE, `--api-token=${PERSON}`];
    assertSays(await explain(flags), decision);
    assertSays(await callDoctor(flags), doctor);
  });
}

Deno.test("neither explain nor doctor has anything to change where nothing is wrong", async () => {
  await using sandbox = await startSandbox(systemClock, {
    signingKey: await sharedSigningKey(),
  });
  const { kubernetes, apiToken, flags } = sandbox;
  kubernetes.acceptTokens([apiToken]);
  kubernetes.cluster.create(nodeObject({ name: SANDBOX_NODE }));
  const outsider = { namespace: "shop", name: "outsider" };
  kubernetes.cluster.remove({ resource: "pods", ...outsider });
  const io = recordIo();
  const args = [...flags, ENFORCE, "default/debug-shell"];
  assert.equal(await EXPLAIN_COMMAND.run(args, io), 0, io.outText());
  assert.doesNotMatch(io.outText(), /what to do/);
  assert.doesNotMatch(await callDoctor([...flags, ENFORCE]), /^failed/m);
});
