import assert from "node:assert/strict";
import {
  adviseToMove,
  type Controller,
  CONTROLLER_KINDS,
  controllerKindOf,
  templateAnnotations,
} from "../../src/core/controller.ts";

const APP = "app@demo-proj.iam.gserviceaccount.com";

/** What to do about these annotations in `metadata.annotations`. */
function advise(
  kind: string,
  annotations: Readonly<Record<string, string>>,
): string {
  const type = CONTROLLER_KINDS.find((each) => each.kind === kind);
  assert.ok(type);
  const misplaced = {
    at: "metadata.annotations",
    annotations,
    accountKey: "iam/account",
    scopesKey: "iam/scopes",
  };
  const controller: Controller = {
    type,
    namespace: "shop",
    name: "cart",
    uid: "u1",
    owner: undefined,
    isFinished: false,
    misplaced,
  };
  return adviseToMove(controller, misplaced);
}

Deno.test("adviseToMove() gives the command, with all annotations that pods lack", () => {
  const scopes = "storage-ro";
  assert.equal(
    advise("DaemonSet", { "iam/account": APP, "iam/scopes": scopes }),
    "Move iam/account from metadata.annotations to spec.template.metadata.annotations of the DaemonSet cart: " +
      "kubectl patch daemonset cart --namespace shop --type merge --patch " +
      `'{"spec":{"template":{"metadata":{"annotations":{"iam/account":"${APP}","iam/scopes":"${scopes}"}}}}}'`,
  );
  assert.match(
    advise("ReplicaSet", { "iam/account": APP }),
    /, and delete its/,
  );
});

Deno.test("adviseToMove() gives no command for a Job, nor for values that do not work", () => {
  const move =
    "Move iam/account from metadata.annotations to spec.template.metadata.annotations of the";
  assert.equal(
    advise("Job", { "iam/account": APP }),
    `${move} Job cart, and make the Job anew`,
  );
  for (
    const annotations of [
      { "iam/account": "'; rm -rf '" },
      { "iam/account": APP, "iam/scopes": "'; rm '" },
    ]
  ) {
    assert.equal(advise("Deployment", annotations), `${move} Deployment cart`);
  }
});

Deno.test("controllerKindOf() goes by kind and group", () => {
  const of = (kind: string, group: string): string | undefined =>
    controllerKindOf({ kind, group })?.resource;
  assert.equal(of("CronJob", "batch"), "cronjobs");
  assert.equal(of("Job", "batch.volcano.sh"), undefined);
  assert.equal(of("Pod", ""), undefined);
});

Deno.test("templateAnnotations() names the place for each kind", () => {
  assert.deepEqual(
    [...new Set(CONTROLLER_KINDS.map(templateAnnotations))],
    [
      "spec.template.metadata.annotations",
      "spec.jobTemplate.spec.template.metadata.annotations",
    ],
  );
});
