import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load_config.ts";
import { isAccountEmail } from "../../src/core/account.ts";
import { findAllowingPattern } from "../../src/core/allow_list.ts";
import { decide } from "../../src/core/policy.ts";
import { decodeNamespace, decodePod } from "../../src/kubernetes/decode.ts";
import { DEPLOY, type Manifest, namesIn, readManifests } from "./manifests.ts";

const { config } = await loadConfig({
  args: [],
  env: () => undefined,
  readTextFile: () => Promise.reject(new Error("no file")),
});

const EXAMPLES = (await Promise.all(
  (await namesIn("examples")).filter((name) => name.endsWith(".yaml")).map((
    name,
  ) => readManifests(`examples/${name}`)),
)).flat();

/** Pod that an object is, or makes. */
function podOf({ kind, metadata, spec }: Manifest): Partial<Manifest> {
  switch (kind) {
    case "Pod":
      return { metadata, spec };
    case "CronJob":
      return spec.jobTemplate.spec.template;
    default:
      throw new Error(`No pod is known of a ${kind}`);
  }
}

Deno.test("examples: the daemon gives each pod its account", async (t) => {
  const controllers = EXAMPLES.filter(({ kind }) => kind !== "Namespace");
  assert.ok(controllers.length >= 3);
  for (const controller of controllers) {
    await t.step(controller.metadata.name, () => {
      const { metadata, spec } = podOf(controller);
      const identity = { uid: "uid", namespace: "default", name: "pod" };
      const pod = decodePod(
        { metadata: { ...metadata, ...identity }, spec },
        config.annotations,
      );
      assert.ok(pod?.accountAnnotation !== undefined && !pod.hostNetwork);
      const decision = decide(
        {
          defaultAccount: { kind: "none" },
          defaultScopes: ["openid"],
          restrictions: "off",
        },
        pod,
        undefined,
      );
      assert.equal(decision.outcome, "allow", JSON.stringify(decision));
    });
  }
});

Deno.test("examples: no annotation stands where it has no effect", () => {
  for (const { kind, metadata } of EXAMPLES) {
    if (kind === "Pod" || kind === "Namespace") continue;
    assert.equal(metadata.annotations, undefined, metadata.name);
  }
});

Deno.test("examples: the namespace allows the accounts that its patterns mean", () => {
  const [object, ...others] = EXAMPLES.filter(({ kind }) =>
    kind === "Namespace"
  );
  assert.deepEqual(others, []);
  const namespace = decodeNamespace(object, config.annotations);
  assert.ok(namespace);
  const allows = (email: string): boolean =>
    findAllowingPattern(namespace.allowList, email) !== undefined;
  assert.ok(allows("shop-cart@my-project.iam.gserviceaccount.com"));
  assert.ok(!allows("app@my-project.iam.gserviceaccount.com"));
});

/** Replaces the variable of a loop in the language of each file. */
const LOOP_VARIABLE = /\$account|\$\{each\.key\}/g;

Deno.test("examples: Terraform and gcloud grant the same role, on single accounts", async (t) => {
  for (const name of ["token-creator.tf", "token-creator.sh"]) {
    await t.step(name, async () => {
      const text = await Deno.readTextFile(new URL(`examples/${name}`, DEPLOY));
      const emails = text.replaceAll(LOOP_VARIABLE, "app").match(
        /[\w.-]+@[\w.-]+/g,
      );
      assert.deepEqual(emails, [
        "app@my-project.iam.gserviceaccount.com",
        "nodes@my-project.iam.gserviceaccount.com",
      ]);
      assert.ok(emails.every(isAccountEmail));
      assert.deepEqual(text.match(/roles\/[\w.]+/g), [
        "roles/iam.serviceAccountTokenCreator",
      ]);
    });
  }
});

Deno.test("examples: the script binds each account that a pod has", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const log = `${folder}/log`;
    await Deno.writeTextFile(
      `${folder}/gcloud`,
      `#!/bin/sh\necho "$4" >> ${log}\n`,
      { mode: 0o755 },
    );
    const { success } = await new Deno.Command(
      new URL("examples/token-creator.sh", DEPLOY).pathname,
      { env: { PATH: `${folder}:/usr/bin:/bin` } },
    ).output();
    assert.ok(success);
    const bound = (await Deno.readTextFile(log)).trim().split("\n");
    const wanted = EXAMPLES.filter(({ kind }) => kind !== "Namespace").map(
      (example) =>
        podOf(example).metadata?.annotations?.[
          config.annotations.serviceAccount
        ],
    );
    assert.deepEqual(
      wanted.filter((account) => !bound.includes(`${account}`)),
      [],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
