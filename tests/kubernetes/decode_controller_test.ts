import assert from "node:assert/strict";
import {
  type Controller,
  CONTROLLER_KINDS,
} from "../../src/core/controller.ts";
import {
  decodeController,
  decodeOwner,
} from "../../src/kubernetes/decode_controller.ts";
import {
  type ControllerDescription,
  controllerObject,
} from "../../src/sandbox/kubernetes/objects.ts";
import { ANNOTATIONS } from "./api_setup.ts";

const { serviceAccount: ACCOUNT, scopes: SCOPES } = ANNOTATIONS;
const OWNER = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  name: "web-7f9c",
  uid: "u1",
};

function decode(
  object: unknown,
  kind = "Deployment",
): Controller | undefined {
  const type = CONTROLLER_KINDS.find((each) => each.kind === kind);
  assert.ok(type);
  return decodeController(object, type, ANNOTATIONS);
}

/** Where the annotations of such a controller are misplaced, and which. */
function misplacedIn(
  description: Partial<ControllerDescription>,
): unknown {
  const { kind = "Deployment" } = description;
  const object = controllerObject({ name: "web", kind, ...description });
  const { at, annotations } = decode(object, kind)?.misplaced ?? {};
  return at === undefined ? undefined : { [at]: annotations };
}

Deno.test("decodeController() finds the account beside the template, and only where that has none", () => {
  const account = { [ACCOUNT]: "a@b" };
  const both = { ...account, [SCOPES]: "s", other: "x" };
  assert.deepEqual(misplacedIn({ annotations: both }), {
    "metadata.annotations": { ...account, [SCOPES]: "s" },
  });
  assert.deepEqual(
    misplacedIn({ annotations: both, templateAnnotations: { [SCOPES]: "t" } }),
    { "metadata.annotations": account },
  );
  for (
    const fine of [
      {},
      { annotations: { [SCOPES]: "s" } },
      { templateAnnotations: account },
      { annotations: account, templateAnnotations: { [ACCOUNT]: "c@d" } },
    ]
  ) assert.equal(misplacedIn(fine), undefined);
});

Deno.test("decodeController() looks at both places of a CronJob", () => {
  const annotations = { [ACCOUNT]: "a@b" };
  const kind = "CronJob";
  assert.deepEqual(misplacedIn({ kind, annotations }), {
    "metadata.annotations": annotations,
  });
  assert.deepEqual(misplacedIn({ kind, jobAnnotations: annotations }), {
    "spec.jobTemplate.metadata.annotations": annotations,
  });
  const templateAnnotations = annotations;
  assert.equal(
    misplacedIn({ kind, annotations, templateAnnotations }),
    undefined,
  );
});

Deno.test("decodeController() tells a Job that has ended", () => {
  const job = controllerObject({ kind: "Job", name: "once" });
  const ended = (type: string, status = "True"): boolean | undefined =>
    decode({ ...job, status: { conditions: [{ type, status }] } }, "Job")
      ?.isFinished;
  assert.deepEqual(
    {
      running: decode(job, "Job")?.isFinished,
      complete: ended("Complete"),
      failed: ended("Failed"),
      notFailed: ended("Failed", "False"),
      suspended: ended("Suspended"),
    },
    {
      running: false,
      complete: true,
      failed: true,
      notFailed: false,
      suspended: false,
    },
  );
});

Deno.test("decodeOwner() takes the owner that controls, and no node", () => {
  const of = (...ownerReferences: unknown[]): unknown =>
    decodeOwner({ metadata: { ownerReferences } });
  const expected = {
    kind: "ReplicaSet",
    group: "apps",
    name: "web-7f9c",
    uid: "u1",
  };
  assert.deepEqual(of({ ...OWNER, controller: true }), expected);
  const plain = { ...OWNER, name: "x" };
  assert.deepEqual(of(plain, { ...OWNER, controller: true }), expected);
  assert.equal(of(plain), undefined);
  assert.equal(of({ ...OWNER, kind: "Node", controller: true }), undefined);
});

Deno.test("decodeController() and decodeOwner() bear any JSON", () => {
  for (
    const odd of [undefined, null, true, 7, "text", [], [null, "x", {}], {}]
  ) {
    assert.equal(decodeOwner(odd), undefined);
    assert.equal(
      decodeOwner({ metadata: { ownerReferences: odd } }),
      undefined,
    );
    assert.equal(decode(odd), undefined);
    const { misplaced, owner } = decode({
      metadata: { name: "a", namespace: "b", annotations: odd },
      spec: { template: { metadata: odd } },
      status: odd,
    }, "Job") ?? {};
    assert.deepEqual([misplaced, owner], [undefined, undefined]);
  }
});
