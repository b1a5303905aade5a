import assert from "node:assert/strict";
import type { KubernetesApi } from "../src/sandbox/kubernetes/api.ts";
import { textAt } from "../src/sandbox/kubernetes/json.ts";
import { podObject } from "../src/sandbox/kubernetes/objects.ts";
import { SANDBOX_NODE } from "../src/sandbox/sandbox_pods.ts";
import type { Sandbox } from "../src/sandbox/sandbox.ts";
import { clockOf } from "./google/manual_clock.ts";
import { TOKEN } from "./pod_client.ts";
import { ManualTime } from "./sandbox/manual_time.ts";
import { startPreparedDaemon, type TestDaemon } from "./test_daemon.ts";

const MAX_STEPS = 200;
const ACCOUNT_KEY = "accounts.google.com/service-account";

/** A daemon whose Events are read as `kubectl describe pod` shows them. */
class Node implements AsyncDisposable {
  readonly daemon: TestDaemon;
  readonly #time: ManualTime;

  private constructor(daemon: TestDaemon, time: ManualTime) {
    this.daemon = daemon;
    this.#time = time;
  }

  static async start(
    flags: readonly string[],
    prepare?: (sandbox: Sandbox) => void,
  ): Promise<Node> {
    const time = new ManualTime(Date.now());
    const daemon = await startPreparedDaemon({
      flags,
      clock: clockOf(time),
      ...prepare === undefined ? {} : { prepare },
    });
    return new Node(daemon, time);
  }

  get #api(): KubernetesApi {
    return this.daemon.sandbox.kubernetes;
  }

  /** What the Events of a pod say, once there are so many; time goes on meanwhile. */
  async eventsOf(name: string, count = 1): Promise<readonly string[]> {
    for (let step = 0; step < MAX_STEPS; step++) {
      const events = this.#api.cluster.list("events").filter((event) =>
        textAt(event, "regarding.name") === name
      );
      if (events.length >= count) {
        return events.map((event) =>
          `${textAt(event, "reason")}: ${textAt(event, "note")}`
        );
      }
      this.#time.advance(250);
      // Whatever is under way has time to end.
      await this.daemon.ask({ from: "127.0.0.11", path: TOKEN });
    }
    throw new Error(`There is no Event about ${name}`);
  }

  addPod(
    name: string,
    { account, hostNetwork = false }: {
      readonly account: string;
      readonly hostNetwork?: boolean;
    },
  ): void {
    const pod = podObject({
      name,
      podIP: "127.0.0.77",
      nodeName: SANDBOX_NODE,
      annotations: { [ACCOUNT_KEY]: account },
    });
    const { spec } = pod;
    this.#api.cluster.create({
      ...pod,
      spec: { ...(typeof spec === "object" ? spec : {}), hostNetwork },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}

Deno.test("an Event tells of an account that the namespace does not allow, before it is asked for", async () => {
  await using node = await Node.start(["--restrictions-mode=enforce"]);
  const [event = "", ...others] = await node.eventsOf("outsider");
  assert.deepEqual(others, []);
  assert.match(
    event,
    /^ServiceAccountDenied: No pattern of the namespace's allow-list matches admin@.* \[namespace-denied\]\. To change that: kubectl annotate --overwrite namespace shop /,
  );
});

Deno.test("an Event tells what enforce would refuse", async () => {
  await using node = await Node.start(["--restrictions-mode=report"]);
  const [event = ""] = await node.eventsOf("outsider");
  assert.match(event, /^ServiceAccountWouldBeDenied: The mode enforce would/);
});

Deno.test("Events tell of a malformed annotation, and of the node's network", async () => {
  await using node = await Node.start([]);
  node.addPod("typo", { account: "app@demo" });
  node.addPod("host", {
    account: "app@demo-proj.iam.gserviceaccount.com",
    hostNetwork: true,
  });
  assert.match(
    (await node.eventsOf("typo")).join(),
    /^AnnotationMalformed: .*\[account-malformed\]/,
  );
  assert.match(
    (await node.eventsOf("host")).join(),
    /^NotIntercepted: .*\[host-network\]/,
  );
});

Deno.test("an Event tells a pod without annotation why it got no token, once it asks", async () => {
  await using node = await Node.start([]);
  const { status } = await node.daemon.askUntil(
    { from: "127.0.0.12", path: TOKEN },
    ({ status }) => status === 404,
  );
  assert.equal(status, 404);
  assert.match(
    (await node.eventsOf("plain")).join(),
    /^ServiceAccountDenied: The pod has no service account annotation .*\[no-account\]/,
  );
});

Deno.test("an Event tells that IAM refuses the account, before it is asked for", async () => {
  await using node = await Node.start([]);
  node.addPod("refused", {
    account: "nobody@demo-proj.iam.gserviceaccount.com",
  });
  assert.match(
    (await node.eventsOf("refused")).join(),
    /^TokenRefused: IAM does not let the node act as nobody@.*\[iam-denied\].*serviceAccountTokenCreator/,
  );
});

Deno.test("pods that get their tokens have no Events, and none is written where they are off", async () => {
  await using node = await Node.start([
    "--restrictions-mode=enforce",
    "--no-events",
  ]);
  await node.daemon.askUntil(
    { from: "127.0.0.1", path: TOKEN },
    ({ status }) => status === 200,
  );
  await assert.rejects(node.eventsOf("outsider"));
  await assert.rejects(node.eventsOf("debug-shell"));
  const { counts } = node.daemon.sandbox.kubernetes;
  assert.equal(counts.get("create events"), undefined);
});
