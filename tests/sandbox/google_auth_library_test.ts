import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { importJWK, jwtVerify } from "jose";
import { startIamCredentials } from "../../src/sandbox/iam/credentials.ts";
import { startMetadataServer } from "../../src/sandbox/metadata/server.ts";
import { sharedSigningKey } from "./shared_signing_key.ts";

const node = "gke-node@demo-proj.iam.gserviceaccount.com";
const app = "app@demo-proj.iam.gserviceaccount.com";
const signingKey = await sharedSigningKey();

async function runProbe(
  args: readonly string[],
  env: Record<string, string>,
): Promise<Record<string, unknown>> {
  const path = fileURLToPath(
    new URL("./google_auth_probe.ts", import.meta.url),
  );
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-env",
      "--allow-net",
      "--allow-sys",
      path,
      ...args,
    ],
    env: { ...env, NO_COLOR: "1", NO_PROXY: "127.0.0.1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("startMetadataServer() and startIamCredentials() serve an unmodified google-auth-library", async () => {
  const now = (): number => Date.now();
  const sleep = (): Promise<void> => Promise.resolve();
  await using metadata = await startMetadataServer({ now, sleep, signingKey });
  await using iam = await startIamCredentials({
    now,
    sleep,
    signingKey,
    accountOf: (token) => metadata.accountOf(token),
    accounts: { [app]: [node] },
  });
  const found = await runProbe([iam.url, app], {
    GCE_METADATA_HOST: metadata.address,
  });

  assert.equal(metadata.accountOf(String(found["source"]))?.account, node);
  const leftMs = Number(found["sourceExpiryMs"]) - now();
  assert.ok(leftMs > 3_500_000 && leftMs <= 3_600_000);
  const key = await importJWK({ ...metadata.publicJwk });
  assert.equal(
    (await jwtVerify(String(found["identity"]), key)).payload.aud,
    "https://a.example",
  );

  const granted = iam.describe(String(found["access"]));
  assert.equal(granted?.account, app);
  assert.deepEqual(granted?.scopes, [
    "https://www.googleapis.com/auth/devstorage.read_only",
  ]);
  assert.equal(found["accessExpiryMs"], granted?.expiresAtMs);
  const { payload } = await jwtVerify(String(found["idToken"]), key);
  assert.equal(payload.aud, "https://b.example");
  assert.equal(payload["email"], app);
  assert.deepEqual(
    iam.calls.entries.map(({ kind, caller, status }) => ({
      kind,
      caller,
      status,
    })),
    [
      { kind: "access-token", caller: node, status: 200 },
      { kind: "id-token", caller: node, status: 200 },
    ],
  );
});
