import {
  type AuthClient,
  gaxios,
  GoogleAuth,
  OAuth2Client,
} from "google-auth-library";
import { MintError } from "../core/mint.ts";
import type { Token } from "../core/token.ts";
import { statusOf } from "./iam_error.ts";

/** One authenticated call to a Google API. */
export interface GoogleRequest {
  /** Whole URL. */
  readonly url: string;
  /** JSON body. */
  readonly body: object;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

/** Calls Google APIs with the node's own credentials; made by {@linkcode createSourceClient}. */
export interface SourceClient {
  /**
   * Posts JSON and returns the decoded JSON answer.
   *
   * @param request The call.
   * @throws The library's own error for any other status than 2xx, and
   * {@linkcode MintError} `node-credentials` if there is no token to sign with.
   */
  post(request: GoogleRequest): Promise<unknown>;
  /** Forgets the current access token, after Google refused it. */
  forgetToken(): void;
}

/** Where the node's own credentials come from. */
export type CredentialSource =
  /** The metadata server, by this function. */
  | { readonly kind: "metadata"; readonly fetchToken: () => Promise<Token> }
  /** Application default credentials, as google-auth-library finds them. */
  | { readonly kind: "adc" };

const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

/** The runtime's fetch: the library's default transport is eight times slower under Deno. */
const TRANSPORTER_OPTIONS = { fetchImplementation: globalThis.fetch };

/** The library waits for a token without end, and all later calls with it. */
const ADC_TRANSPORTER_OPTIONS = { ...TRANSPORTER_OPTIONS, timeout: 4_000 };

/** Whoever signs the calls. */
interface Signer {
  getClient(): Promise<AuthClient>;
  forgetToken(): void;
}

/**
 * Creates the client that signs calls with the node's own credentials.
 *
 * @param source Where the credentials come from; nothing is fetched yet.
 */
export function createSourceClient(source: CredentialSource): SourceClient {
  const signer = source.kind === "metadata"
    ? metadataSigner(source.fetchToken)
    : defaultCredentialsSigner();
  return {
    async post({ url, body, signal }: GoogleRequest): Promise<unknown> {
      const { transporter, headers } = await sign(signer, url);
      const response = await transporter.request<unknown>({
        url,
        method: "POST",
        headers,
        data: body,
        signal,
        responseType: "json",
        retry: false,
      });
      return response.data;
    },
    forgetToken: signer.forgetToken,
  };
}

/** What one call is made with. */
interface Signed {
  readonly transporter: AuthClient["transporter"];
  readonly headers: Headers;
}

/** Makes the headers before the call, so that a failure to is not taken for the call's. */
async function sign(signer: Signer, url: string): Promise<Signed> {
  try {
    const client = await signer.getClient();
    const headers = await client.getRequestHeaders(url);
    return { transporter: client.transporter, headers };
  } catch (cause) {
    if (cause instanceof MintError) throw cause;
    throw new MintError(
      "node-credentials",
      "The node has no usable credentials of its own",
      { cause, isTransient: isPassing(cause) },
    );
  }
}

/** Whether a token could not be fetched, rather than nothing there to fetch one with. */
function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined
    ? error instanceof gaxios.GaxiosError
    : status === 429 || status >= 500;
}

function metadataSigner(fetchToken: () => Promise<Token>): Signer {
  const client = new OAuth2Client({
    transporterOptions: TRANSPORTER_OPTIONS,
    eagerRefreshThresholdMillis: 60_000,
  });
  client.refreshHandler = async () => {
    const token = await fetchToken();
    return { access_token: token.value, expiry_date: token.expiresAtMs };
  };
  return {
    getClient: () => Promise.resolve(client),
    forgetToken: () => client.setCredentials({}),
  };
}

/**
 * Loads the credentials at the first call, and again at the next if that failed
 * or the token is to be forgotten: some of the library's clients hold their key
 * among the credentials, others a second copy of the token.
 */
function defaultCredentialsSigner(): Signer {
  let loading: Promise<AuthClient> | undefined;
  return {
    getClient(): Promise<AuthClient> {
      loading ??= new GoogleAuth({
        scopes: CLOUD_PLATFORM,
        clientOptions: { transporterOptions: ADC_TRANSPORTER_OPTIONS },
        // Without one the library runs gcloud to find it; no call of ours needs it.
        projectId: "-",
      }).getClient().catch((error) => {
        loading = undefined;
        throw error;
      });
      return loading;
    },
    forgetToken(): void {
      loading = undefined;
    },
  };
}
