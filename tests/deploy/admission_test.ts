import assert from "node:assert/strict";
import { isAccountEmail } from "../../src/core/account.ts";
import { type Manifest, readManifests } from "./manifests.ts";

async function readOnly(path: string): Promise<Manifest> {
  const [manifest, ...others] = await readManifests(path);
  assert.ok(manifest);
  assert.deepEqual(others, []);
  return manifest;
}

Deno.test("deploy: the admission policy takes the e-mails that the daemon takes", async () => {
  const policy = JSON.stringify(await readOnly("admission/policy.yaml"));
  const [, source = ""] = /account\.matches\('([^']+)'\)/.exec(policy) ?? [];
  const pattern = new RegExp(source);
  const emails = [
    "app@demo-proj.iam.gserviceaccount.com",
    "123-compute@developer.gserviceaccount.com",
    "app@demo-proj.iam.gserviceaccount.com/..",
    "App@demo-proj.iam.gserviceaccount.com",
    "app@demo",
    "default",
    "",
    "a b@c.d",
  ];
  for (const email of emails) {
    assert.equal(pattern.test(email), isAccountEmail(email), email);
  }
});

Deno.test("deploy: the binding names the policy", async () => {
  const { metadata } = await readOnly("admission/policy.yaml");
  const { spec } = await readOnly("admission/binding.yaml");
  assert.equal(spec.policyName, metadata.name);
});
