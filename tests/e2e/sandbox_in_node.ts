/**
 * Runs the sandbox's emulators on the node's loopback, with a pod for each address that
 * is given (two at most, of different accounts), and writes the flags that make a daemon use them into a file, as JSON.
 */
import { systemClock } from "../../src/cli/system_clock.ts";
import { podObject } from "../../src/sandbox/kubernetes/objects.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { SANDBOX_NODE } from "../../src/sandbox/sandbox_pods.ts";

const [file = "", ...podIPs] = Deno.args;
const sandbox = await startSandbox(systemClock);
const accounts = [
  "app@demo-proj.iam.gserviceaccount.com",
  "billing@demo-proj.iam.gserviceaccount.com",
];
for (const [index, podIP] of podIPs.entries()) {
  sandbox.kubernetes.cluster.create(podObject({
    name: `pod-${index}`,
    podIP,
    nodeName: SANDBOX_NODE,
    annotations: {
      "accounts.google.com/service-account": accounts[index] ?? "",
    },
  }));
}
await Deno.writeTextFile(file, JSON.stringify(sandbox.flags));
Deno.stderr.writeSync(new TextEncoder().encode("listening"));
