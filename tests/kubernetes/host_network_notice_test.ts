import assert from "node:assert/strict";
import { createHostNetworkNotice } from "../../src/kubernetes/host_network_notice.ts";
import { podOf } from "./finder_setup.ts";

const ACCOUNT = "app@demo-proj.iam.gserviceaccount.com";

Deno.test("createHostNetworkNotice() says once of each pod that its annotation has no effect", () => {
  const lines: unknown[] = [];
  const notice = createHostNetworkNotice((level, message, fields) =>
    lines.push([level, message, fields])
  );
  const vain = { hostNetwork: true, accountAnnotation: ACCOUNT };
  notice(podOf("a", vain));
  notice(podOf("a", vain));
  notice(podOf("no-annotation", { hostNetwork: true }));
  notice(podOf("own-network", { accountAnnotation: ACCOUNT }));
  notice(podOf("finished", { ...vain, phase: "Succeeded" }));
  assert.deepEqual(lines, [[
    "warn",
    "A pod on the node's network gets no token; its annotation has no effect",
    { pod: "shop/name-of-a", account: ACCOUNT },
  ]]);
  for (let index = 0; index < 1_000; index += 1) {
    notice(podOf(`pod-${index}`, vain));
  }
  notice(podOf("pod-999", vain));
  assert.equal(lines.length, 1_001);
});
