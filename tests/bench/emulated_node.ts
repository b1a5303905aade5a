/**
 * Runs the sandbox's emulators with many pods and namespaces, and answers the flags
 * that make a daemon use them, as JSON. Then takes commands, and ends with its standard
 * input.
 */
import { systemClock } from "../../src/cli/system_clock.ts";
import {
  namespaceObject,
  podObject,
} from "../../src/sandbox/kubernetes/objects.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { SANDBOX_NODE } from "../../src/sandbox/sandbox_pods.ts";
import { answer, toldLines } from "../e2e/told_lines.ts";
import { AskingPods } from "./asking_pods.ts";
import type { NodeAnswer, NodeCommand } from "./node_command.ts";
import { podAddress } from "./pod_address.ts";
import { timePods } from "./time_pods.ts";
import { untilReady } from "./until_ready.ts";

const [pods = 0, namespaces = 0] = Deno.args.map(Number);
/** Pods of real clusters are this large, most of which is nothing to us. */
const BALLAST = "x".repeat(8_192);

/** As long as Google's are; what is answered is mostly the token. */
const TOKEN_LENGTH = 1_024;

await using sandbox = await startSandbox(systemClock, {
  tokenLength: TOKEN_LENGTH,
});
const { cluster } = sandbox.kubernetes;
for (let index = 0; index < namespaces; index += 1) {
  cluster.create(namespaceObject({
    name: `namespace-${index}`,
    annotations: {
      "accounts.google.com/allowed-service-accounts":
        '["*@demo-proj.iam.gserviceaccount.com"]',
    },
  }));
}
for (let index = 0; index < pods; index += 1) {
  cluster.create(podObject({
    name: `pod-${index}`,
    namespace: `namespace-${index % namespaces}`,
    podIP: podAddress(index),
    nodeName: SANDBOX_NODE,
    annotations: {
      "accounts.google.com/service-account":
        "app@demo-proj.iam.gserviceaccount.com",
      "kubectl.kubernetes.io/last-applied-configuration": BALLAST,
    },
  }));
}
await answer(JSON.stringify(sandbox.flags));

const asking = new AskingPods(sandbox, namespaces);
for await (const line of toldLines()) {
  await answer(JSON.stringify(await obey(JSON.parse(line))));
}

async function obey(command: NodeCommand): Promise<NodeAnswer> {
  try {
    if (command.kind !== "ready") {
      return { outcome: "done", times: await timePods(asking, command) };
    }
    await untilReady(command.adminPort);
    return { outcome: "done" };
  } catch (error) {
    return { outcome: "failed", error: String(error) };
  }
}
