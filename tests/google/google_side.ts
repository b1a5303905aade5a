import { createImpersonation } from "../../src/google/impersonation.ts";
import { createNodeTokenSource } from "../../src/google/node_token.ts";
import { createSourceClient } from "../../src/google/source_client.ts";
import type { Mint } from "../../src/core/mint.ts";
import type { UpstreamClient } from "../../src/metadata/upstream_client.ts";
import {
  type IamCredentials,
  startIamCredentials,
} from "../../src/sandbox/iam/credentials.ts";
import {
  type MetadataServer,
  startMetadataServer,
} from "../../src/sandbox/metadata/server.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { sharedSigningKey } from "../sandbox/shared_signing_key.ts";
import { connectUpstream } from "./upstream.ts";

export const NODE = "gke-node@demo-proj.iam.gserviceaccount.com";
export const APP = "app@demo-proj.iam.gserviceaccount.com";
export const MIDDLE = "middle@demo-proj.iam.gserviceaccount.com";
export const CLOSED = "closed@demo-proj.iam.gserviceaccount.com";
export const STORAGE = "https://www.googleapis.com/auth/devstorage.read_only";
export const PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

/** A metadata server and IAM, and a minter that uses both as the daemon does. */
export interface GoogleSide extends AsyncDisposable {
  readonly time: ManualTime;
  readonly metadata: MetadataServer;
  readonly iam: IamCredentials;
  readonly client: UpstreamClient;
  readonly mint: Mint;
  /** Requests for the node's own token so far. */
  countNodeTokens(): number;
}

/** Starts both, at the real time of day: google-auth-library reads the real clock. */
export async function startGoogleSide(
  options: {
    readonly delegates?: readonly string[];
    /** By how much the minter's clock is behind that of Google. */
    readonly behindMs?: number;
  } = {},
): Promise<GoogleSide> {
  await using starting = new AsyncDisposableStack();
  const time = new ManualTime(Math.floor(Date.now() / 1000) * 1000);
  const { now, sleep } = time;
  const sandbox = { now, sleep, signingKey: await sharedSigningKey() };
  const metadata = starting.use(await startMetadataServer(sandbox));
  const iam = starting.use(
    await startIamCredentials({
      ...sandbox,
      accountOf: (token) => metadata.accountOf(token),
      accounts: { [APP]: [NODE, MIDDLE], [MIDDLE]: [NODE], [CLOSED]: [] },
    }),
  );
  const client = starting.use(connectUpstream(metadata));
  const source = createSourceClient({
    kind: "metadata",
    fetchToken: createNodeTokenSource(client.ask, now),
  });
  const mint = createImpersonation(source, () => ({
    endpoint: iam.url,
    lifetimeMs: 3_600_000,
    delegates: options.delegates ?? [],
  }), () => now() - (options.behindMs ?? 0));
  const stack = starting.move();
  return {
    time,
    metadata,
    iam,
    client,
    mint,
    countNodeTokens: () =>
      metadata.requests.count(({ target }) => target.endsWith("/token")),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
