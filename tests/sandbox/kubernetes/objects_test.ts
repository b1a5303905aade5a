import assert from "node:assert/strict";
import {
  namespaceObject,
  podObject,
} from "../../../src/sandbox/kubernetes/objects.ts";

Deno.test("podObject() fills in what scheduler and kubelet would", () => {
  const pod = podObject({
    name: "cart",
    namespace: "shop",
    nodeName: "n1",
    podIPs: ["10.0.0.7", "fd00::7"],
    annotations: { a: "b" },
    serviceAccountName: "buyer",
    hostIP: "10.1.0.1",
  });
  assert.deepEqual(pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "cart", namespace: "shop", annotations: { a: "b" } },
    spec: {
      containers: [{ name: "main", image: "registry.example/main:1" }],
      restartPolicy: "Always",
      serviceAccountName: "buyer",
      serviceAccount: "buyer",
      nodeName: "n1",
    },
    status: {
      phase: "Running",
      qosClass: "BestEffort",
      conditions: [{ type: "Ready", status: "True" }],
      hostIP: "10.1.0.1",
      podIP: "10.0.0.7",
      podIPs: [{ ip: "10.0.0.7" }, { ip: "fd00::7" }],
    },
  });
});

Deno.test("podObject() leaves an unplaced pod Pending and without address", () => {
  const { metadata, spec, status } = podObject({
    name: "cart",
    hostNetwork: true,
  });
  assert.deepEqual(metadata, { name: "cart", namespace: "default" });
  assert.deepEqual(spec, {
    containers: [{ name: "main", image: "registry.example/main:1" }],
    restartPolicy: "Always",
    serviceAccountName: "default",
    serviceAccount: "default",
    hostNetwork: true,
  });
  assert.deepEqual(status, {
    phase: "Pending",
    qosClass: "BestEffort",
    conditions: [{ type: "Ready", status: "False" }],
  });
});

Deno.test("podObject() derives podIPs from podIP, and keeps both when they differ", () => {
  const one = podObject({ name: "a", podIP: "10.0.0.1", phase: "Failed" });
  assert.deepEqual(one["status"], {
    phase: "Failed",
    qosClass: "BestEffort",
    conditions: [{ type: "Ready", status: "False" }],
    podIP: "10.0.0.1",
    podIPs: [{ ip: "10.0.0.1" }],
  });
});

Deno.test("namespaceObject() holds name, labels and annotations", () => {
  const described = {
    name: "shop",
    labels: { a: "b" },
    annotations: { c: "d" },
  };
  assert.deepEqual(namespaceObject(described), {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: described,
  });
});
