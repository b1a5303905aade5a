import assert from "node:assert/strict";
import { DAEMON_RULES } from "../../src/sandbox/daemon_access.ts";
import type { AccessRule } from "../../src/sandbox/kubernetes/access.ts";
import { typeOfResource } from "../../src/sandbox/kubernetes/resources.ts";
import { startTestDaemon } from "../test_daemon.ts";
import { readManifests } from "./manifests.ts";

const TOKEN = "instance/service-accounts/default/token";

function sorted(rules: readonly AccessRule[]): readonly string[] {
  return rules.map(({ verb, resource }) => `${verb} ${resource}`).sort();
}

Deno.test("deploy: the ClusterRoles are what the sandbox lets a daemon do", async () => {
  const rules: AccessRule[] = [];
  for (const folder of ["base", "components/events"]) {
    const [role] = await readManifests(`kustomize/${folder}/clusterrole.yaml`);
    for (const { apiGroups, resources, verbs, ...others } of role?.["rules"]) {
      assert.deepEqual(others, {});
      for (const resource of resources) {
        assert.deepEqual(
          typeOfResource(resource, apiGroups[0])?.group,
          apiGroups[0],
        );
        assert.equal(apiGroups.length, 1);
        for (const verb of verbs) rules.push({ verb, resource });
      }
    }
  }
  assert.deepEqual(sorted(rules), sorted(DAEMON_RULES));
});

Deno.test("deploy: the daemon does all that the base ClusterRole lets it, and nothing else", async () => {
  await using daemon = await startTestDaemon(
    "--restrictions-mode=enforce",
    "--no-events",
  );
  const { kubernetes } = daemon.sandbox;
  await daemon.askUntil(
    { from: "127.0.0.1", path: TOKEN },
    ({ status }) => status === 200,
  );
  await kubernetes.watching("pods", 1);
  await kubernetes.watching("namespaces", 1);
  assert.deepEqual(
    [...kubernetes.counts.keys()].sort(),
    sorted(DAEMON_RULES.filter(({ resource }) => resource !== "events")),
  );
});
