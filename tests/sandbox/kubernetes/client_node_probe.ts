import { ApiException, CoreV1Api, KubeConfig } from "@kubernetes/client-node";

/** Reads pods and a namespace as an application would, and prints what it understood. */
const [server = "", token = ""] = Deno.args;
const config = new KubeConfig();
config.loadFromOptions({
  clusters: [{ name: "c", server, skipTLSVerify: true }],
  users: [{ name: "u", token }],
  contexts: [{ name: "x", cluster: "c", user: "u" }],
  currentContext: "x",
});
const core = config.makeApiClient(CoreV1Api);
const fieldSelector = "spec.nodeName=n1";
const first = await core.listPodForAllNamespaces({ fieldSelector, limit: 1 });
const second = await core.listPodForAllNamespaces({
  fieldSelector,
  limit: 1,
  _continue: first.metadata?._continue ?? "",
});
const namespace = await core.readNamespace({ name: "shop" });
const refusal = await core.readNamespacedPod({
  name: "gone",
  namespace: "shop",
})
  .catch((error: unknown) => error instanceof ApiException ? error.code : 0);
const pods = [...first.items, ...second.items].map((pod) => ({
  name: pod.metadata?.name,
  created: pod.metadata?.creationTimestamp?.getTime(),
  podIPs: pod.status?.podIPs,
}));
const found = { pods, phase: namespace.status?.phase, refusal };
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(found)));
