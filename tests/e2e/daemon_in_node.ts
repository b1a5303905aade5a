/**
 * Runs the program in the node's namespace with the flags of the Go original's own
 * DaemonSet, against the sandbox's emulators on the node's loopback, with a pod for
 * each address that is given, and a storage service on port 8190 of the node.
 */
import { systemClock } from "../../src/cli/system_clock.ts";
import { main, processIo, processSignals } from "../../src/main.ts";
import { podObject } from "../../src/sandbox/kubernetes/objects.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { SANDBOX_NODE } from "../../src/sandbox/sandbox_pods.ts";
import { startStorageServer } from "../clients/storage_server.ts";

const [hostIP = "", ...podIPs] = Deno.args;
const sandbox = await startSandbox(systemClock);
const storage = startStorageServer(sandbox.iam, {
  hostname: hostIP,
  port: 8190,
});
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
const code = await main([
  "--verbose",
  "--debug=true",
  "--iptables=true",
  `--host-ip=${hostIP}`,
  `--node=${SANDBOX_NODE}`,
  "--default-service-account=default",
  "--default-scopes=https://www.googleapis.com/auth/devstorage.read_write,https://www.googleapis.com/auth/logging.write",
  ...sandbox.flags,
], {
  ...processIo,
  // Says so when the redirect is in place, not only the listener.
  err: (line) =>
    processIo.err(
      line.includes("redirect to port")
        ? `${line}listening\n`
        : line.replace("listening", ""),
    ),
}, processSignals());
await storage[Symbol.asyncDispose]();
await sandbox[Symbol.asyncDispose]();
Deno.exit(code);
