import assert from "node:assert/strict";
import { DAEMON_ACCESS } from "../../src/core/daemon_access.ts";
import { DAEMON_RULES } from "../../src/sandbox/daemon_access.ts";
import type { AccessRule } from "../../src/sandbox/kubernetes/access.ts";
import { startTestDaemon } from "../test_daemon.ts";
import { readManifests } from "./manifests.ts";

const TOKEN = "instance/service-accounts/default/token";

function sorted(rules: readonly AccessRule[]): readonly string[] {
  return rules.map(({ verb, resource }) => `${verb} ${resource}`).sort();
}

Deno.test("deploy: the ClusterRoles are what the daemon is said to need", async () => {
  const rules: string[] = [];
  for (const folder of ["base", "components/events"]) {
    const [role] = await readManifests(`kustomize/${folder}/clusterrole.yaml`);
    for (const { apiGroups, resources, verbs, ...others } of role?.["rules"]) {
      assert.deepEqual(others, {});
      for (const group of apiGroups) {
        for (const resource of resources) {
          for (const verb of verbs) rules.push(`${group}/${resource} ${verb}`);
        }
      }
    }
  }
  assert.deepEqual(
    rules.sort(),
    DAEMON_ACCESS.map(({ group, resource, verb }) =>
      `${group}/${resource} ${verb}`
    ).sort(),
  );
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
