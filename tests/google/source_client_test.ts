import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createSourceClient } from "../../src/google/source_client.ts";
import { APP, PLATFORM } from "./google_side.ts";
import { failureOf } from "./mint_failure.ts";
import {
  json,
  type Received,
  type ScriptedServer,
  startScriptedServer,
} from "./scripted_server.ts";

const never = new AbortController().signal;
const SUBJECT_TOKEN = "subject-token";

Deno.test("createSourceClient() fetches nothing before the first call, and a token again in its last minute", async () => {
  let fetched = 0;
  let lifetimeMs = 30_000;
  const source = createSourceClient({
    kind: "metadata",
    fetchToken: () => {
      fetched++;
      return Promise.resolve({
        value: `token-${fetched}`,
        expiresAtMs: Date.now() + lifetimeMs,
      });
    },
  });
  await using server = await startScriptedServer(() => json({ x: 1 }));
  assert.equal(fetched, 0);
  const call = { url: `${server.url}/x`, body: {}, signal: never };
  assert.deepEqual(await source.post(call), { x: 1 });
  lifetimeMs = 90_000;
  await source.post(call);
  await source.post(call);
  source.forgetToken();
  await source.post(call);
  assert.deepEqual(server.received.map(bearerOf), [
    "Bearer token-1",
    "Bearer token-2",
    "Bearer token-2",
    "Bearer token-3",
  ]);
});

Deno.test("createSourceClient() blames the node for a source without a token", async (t) => {
  const expiresAtMs = Date.now() + 3_600_000;
  const cases = [
    {
      name: "failure with a status of its own",
      fetchToken: () =>
        Promise.reject(Object.assign(new Error("x"), { status: 403 })),
    },
    {
      name: "empty token",
      fetchToken: () => Promise.resolve({ value: "", expiresAtMs }),
    },
  ];
  for (const { name, fetchToken } of cases) {
    await t.step(name, async () => {
      const source = createSourceClient({ kind: "metadata", fetchToken });
      const call = { url: "http://127.0.0.1:1/", body: {}, signal: never };
      const error = await failureOf(source.post(call));
      assert.equal(error.failure, "node-credentials");
    });
  }
});

Deno.test("createSourceClient() signs with application default credentials", async () => {
  await using fixture = await startAdc();
  assert.deepEqual(await fixture.run({ times: 2 }), ["minted", "minted"]);
  assert.equal(fixture.tokenRequests.length, 1);
  const form = new URLSearchParams(fixture.tokenRequests[0]?.body);
  assert.equal(form.get("subject_token"), SUBJECT_TOKEN);
  assert.equal(form.get("scope"), PLATFORM);
  assert.deepEqual(fixture.iamRequests.map(bearerOf), [
    "Bearer adc-1",
    "Bearer adc-1",
  ]);
});

Deno.test("createSourceClient() takes a new token after Google refused that of application default credentials", async () => {
  await using fixture = await startAdc();
  fixture.refuse("Bearer adc-1");
  assert.deepEqual(await fixture.run({ times: 2 }), ["minted", "minted"]);
  assert.deepEqual(fixture.iamRequests.map(bearerOf), [
    "Bearer adc-1",
    "Bearer adc-2",
    "Bearer adc-2",
  ]);
});

Deno.test("createSourceClient() blames the node for credentials that Google refuses", async () => {
  await using fixture = await startAdc();
  fixture.refuseCredentials();
  assert.deepEqual(await fixture.run({ times: 1 }), ["node-credentials"]);
  assert.equal(fixture.iamRequests.length, 0);
});

Deno.test("createSourceClient() takes a token endpoint that fails for one that may be back", async () => {
  await using fixture = await startAdc();
  fixture.refuseCredentials(503);
  assert.deepEqual(await fixture.run({ times: 1 }), [
    "node-credentials for now",
  ]);
});

Deno.test("createSourceClient() blames the node for credentials that cannot be loaded", async () => {
  await using fixture = await startAdc();
  assert.deepEqual(
    await fixture.run({ times: 1, file: "/nowhere/key.json" }),
    ["node-credentials"],
  );
  assert.equal(fixture.iamRequests.length, 0);
});

interface AdcFixture extends AsyncDisposable {
  readonly tokenRequests: readonly Received[];
  readonly iamRequests: readonly Received[];
  /** Makes IAM answer 401 to this authorization. */
  refuse(authorization: string): void;
  /** Makes the token endpoint refuse the credentials. */
  refuseCredentials(status?: number): void;
  /** Mints in a process of its own, which must print nothing else. */
  run(
    options: { readonly times: number; readonly file?: string },
  ): Promise<unknown>;
}

/** Starts a server that is both token endpoint and IAM, and writes credentials that name it. */
async function startAdc(): Promise<AdcFixture> {
  let refused: string | undefined;
  let tokenStatus = 200;
  let tokens = 0;
  await using starting = new AsyncDisposableStack();
  const server = starting.use(
    await startScriptedServer((exchange) => {
      if (exchange.target === "/token") {
        if (tokenStatus !== 200) {
          return json({ error: "invalid_grant" }, tokenStatus);
        }
        tokens++;
        return json({
          access_token: `adc-${tokens}`,
          expires_in: 3600,
          token_type: "Bearer",
          issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        });
      }
      return exchange.header("authorization") === refused
        ? json({ error: { code: 401, message: "x" } }, 401)
        : json({ accessToken: "minted", expireTime: "2030-01-02T03:04:05Z" });
    }),
  );
  const folder = await Deno.makeTempDir();
  starting.defer(() => Deno.remove(folder, { recursive: true }));
  const written = await writeCredentials(folder, server);
  const stack = starting.move();
  return {
    get tokenRequests(): readonly Received[] {
      return server.received.filter(({ target }) => target === "/token");
    },
    get iamRequests(): readonly Received[] {
      return server.received.filter(({ target }) => target !== "/token");
    },
    refuse(authorization: string): void {
      refused = authorization;
    },
    refuseCredentials(status = 400): void {
      tokenStatus = status;
    },
    run: ({ times, file = written }) =>
      runProbe([server.url, APP, String(times)], file),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/**
 * Writes credentials of workload identity federation: the one kind of which the
 * library takes the token endpoint from the file.
 */
async function writeCredentials(
  folder: string,
  server: ScriptedServer,
): Promise<string> {
  const file = `${folder}/credentials.json`;
  const subjectToken = `${folder}/subject-token`;
  await Deno.writeTextFile(subjectToken, SUBJECT_TOKEN);
  await Deno.writeTextFile(
    file,
    JSON.stringify({
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/" +
        "workloadIdentityPools/pool/providers/provider",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${server.url}/token`,
      credential_source: { file: subjectToken },
    }),
  );
  return file;
}

async function runProbe(
  args: readonly string[],
  file: string,
): Promise<unknown> {
  const probe = fileURLToPath(new URL("./adc_probe.ts", import.meta.url));
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-all", probe, ...args],
    env: {
      GOOGLE_APPLICATION_CREDENTIALS: file,
      NO_COLOR: "1",
      NO_PROXY: "127.0.0.1",
    },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return JSON.parse(new TextDecoder().decode(stdout));
}

function bearerOf({ headers }: Received): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === "authorization")?.[1];
}
