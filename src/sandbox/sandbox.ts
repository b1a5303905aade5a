import type { Clock } from "../core/clock.ts";
import { DAEMON_RULES, DAEMON_USER } from "./daemon_access.ts";
import { type IamCredentials, startIamCredentials } from "./iam/credentials.ts";
import { type KubernetesApi, startKubernetesApi } from "./kubernetes/api.ts";
import { namespaceObject, podObject } from "./kubernetes/objects.ts";
import { type MetadataServer, startMetadataServer } from "./metadata/server.ts";
import {
  SANDBOX_ACCOUNTS,
  SANDBOX_NAMESPACES,
  SANDBOX_NODE,
  SANDBOX_PODS,
} from "./sandbox_pods.ts";
import { createSigningKey, type SigningKey } from "./signing_key.ts";

/** An emulated node of an emulated cluster: everything the daemon talks to. */
export interface Sandbox extends AsyncDisposable {
  /** The API server. */
  readonly kubernetes: KubernetesApi;
  /** Token that the API server accepts, for what a daemon has to do. */
  readonly apiToken: string;
  /** Token of a person, who may do everything at the API server. */
  readonly personToken: string;
  /** The node's metadata server. */
  readonly metadata: MetadataServer;
  /** The IAM Credentials API. */
  readonly iam: IamCredentials;
  /** E-mail of the node's own account. */
  readonly nodeAccount: string;
  /** Flags that make a daemon use all of these. */
  readonly flags: readonly string[];
}

/** How a sandbox can differ. */
export interface SandboxOptions {
  /** Signs all ID tokens, as one key of Google's does; a fresh one if left out. */
  readonly signingKey?: SigningKey;
  /** Least number of characters of an access token of IAM; short ones if left out. */
  readonly tokenLength?: number;
}

/**
 * Starts an emulated node with a handful of pods.
 *
 * @param clock Time for everything in it.
 * @param options How it differs from the usual.
 */
export async function startSandbox(
  clock: Clock,
  options: SandboxOptions = {},
): Promise<Sandbox> {
  await using starting = new AsyncDisposableStack();
  const signingKey = options.signingKey ?? await createSigningKey();
  const nodeAccount = "gke-node@demo-proj.iam.gserviceaccount.com";
  const apiToken = `sandbox-${crypto.randomUUID()}`;
  const personToken = `person-${crypto.randomUUID()}`;
  const metadata = starting.use(
    await startMetadataServer({
      ...clock,
      signingKey,
      account: { email: nodeAccount },
    }),
  );
  const iam = starting.use(
    await startIamCredentials({
      ...clock,
      tokenLength: options.tokenLength ?? 0,
      signingKey,
      accountOf: (token) => metadata.accountOf(token),
      accounts: Object.fromEntries(
        [nodeAccount, ...SANDBOX_ACCOUNTS].map((
          account,
        ) => [account, [nodeAccount]]),
      ),
    }),
  );
  const kubernetes = starting.use(
    await startKubernetesApi({
      ...clock,
      tokens: [
        { token: apiToken, user: DAEMON_USER, rules: DAEMON_RULES },
        { token: personToken, user: "person" },
      ],
    }),
  );
  populate(kubernetes);
  const stack = starting.move();
  return {
    kubernetes,
    apiToken,
    personToken,
    metadata,
    iam,
    nodeAccount,
    flags: [
      `--api-server=${kubernetes.url}`,
      `--api-token=${apiToken}`,
      `--metadata-addr=${metadata.address}`,
      `--iam-endpoint=${iam.url}`,
      `--node=${SANDBOX_NODE}`,
      "--google-credentials=metadata",
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Creates the sandbox's objects; the namespace `default` is there already. */
function populate(kubernetes: KubernetesApi): void {
  for (const namespace of SANDBOX_NAMESPACES) {
    const object = namespaceObject(namespace);
    if (namespace.name !== "default") kubernetes.cluster.create(object);
    else {kubernetes.cluster.patch(
        { resource: "namespaces", name: "default" },
        object,
      );}
  }
  for (const pod of SANDBOX_PODS) kubernetes.cluster.create(podObject(pod));
}
