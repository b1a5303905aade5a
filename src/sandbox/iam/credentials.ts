import { FaultPlan, type SandboxSleep } from "../fault_plan.ts";
import { IamAccounts } from "./accounts.ts";
import {
  createFrontEndNotFound,
  createGoogleAnswer,
  createServiceError,
} from "./errors.ts";
import {
  type IamCallKind,
  type IamOperation,
  parseOperation,
} from "./operation.ts";
import { type DecodedPayload, decodePayload } from "./payload.ts";
import { answerIamRequest, type IamRequest } from "./router.ts";
import { Journal } from "../journal.ts";
import {
  type Answer,
  type Exchange,
  LoopbackServer,
} from "../loopback_server.ts";
import { respond } from "../respond.ts";
import {
  createSigningKey,
  type PublicSigningJwk,
  type SigningKey,
} from "../signing_key.ts";
import { type BearerAccount, TokenLedger } from "../token_ledger.ts";

/** One call of the API; recorded when it arrives. */
export interface IamCall {
  /** Account asked for, by e-mail when it is known. */
  readonly account: string;
  /** Which credential. */
  readonly kind: IamCallKind;
  /** Account of the bearer token, or `undefined` if the token is missing or unknown. */
  readonly caller: string | undefined;
  /** Scopes asked for. */
  readonly scopes: readonly string[];
  /** Audience asked for; empty for access tokens. */
  readonly audience: string;
  /** Whether the e-mail was asked for. */
  readonly includeEmail: boolean;
  /** Lifetime asked for, in seconds; `undefined` when left to the API. */
  readonly lifetimeSeconds: number | undefined;
  /** Delegates as sent. */
  readonly delegates: readonly string[];
  /** Status of the answer; `undefined` until it is sent, and when the connection was reset. */
  status: number | undefined;
}

/** How to set up the API. */
export interface IamCredentialsOptions {
  /** Returns the current time in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Waits for delay faults. */
  readonly sleep: SandboxSleep;
  /** Tells what a bearer token stands for; tokens minted here need no help. */
  readonly accountOf: (token: string) => BearerAccount | undefined;
  /** Port on 127.0.0.1; 0, the default, picks a free one. */
  readonly port?: number;
  /** Signs ID tokens; a fresh key when left out. */
  readonly signingKey?: SigningKey;
  /** Accounts that exist, each with the members who may act as it. */
  readonly accounts?: Readonly<Record<string, readonly string[]>>;
  /** Accounts whose tokens may live for up to twelve hours. */
  readonly extendedLifetimeAccounts?: readonly string[];
  /** Project that pays for the calls. */
  readonly projectNumber?: string;
  /** Least number of characters of an access token; Google's have about 1,000. */
  readonly tokenLength?: number;
}

/** A running emulator of the IAM Service Account Credentials API. */
export class IamCredentials implements AsyncDisposable {
  readonly #options: IamCredentialsOptions;
  readonly #server: LoopbackServer;
  readonly #signingKey: SigningKey;
  readonly #ledger: TokenLedger;
  #api: "enabled" | "disabled" = "enabled";

  /** Accounts and grants; changes hold from the next call on. */
  readonly accounts: IamAccounts = new IamAccounts();
  /** Every call, in order of arrival. */
  readonly calls: Journal<IamCall> = new Journal();
  /** What goes wrong; chosen by the recorded call. */
  readonly faults: FaultPlan<IamCall>;

  /**
   * Creates an API that does not listen yet; use {@linkcode startIamCredentials}.
   *
   * @param options Set-up.
   * @param signingKey Signs ID tokens.
   */
  constructor(options: IamCredentialsOptions, signingKey: SigningKey) {
    this.#options = options;
    this.#ledger = new TokenLedger("ya29.c.iam-", options.tokenLength);
    this.#signingKey = signingKey;
    this.faults = new FaultPlan(options.sleep);
    this.#server = new LoopbackServer(
      (exchange) => this.#serve(exchange),
      options.port,
    );
    for (const [email, members] of Object.entries(options.accounts ?? {})) {
      this.accounts.add(email);
      for (const member of members) this.accounts.grant(email, member);
    }
  }

  /** Base URL without a final slash. */
  get url(): string {
    return `http://${this.#server.address}`;
  }

  /** Verifies the ID tokens; also served at `/oauth2/v3/certs`. */
  get publicJwk(): PublicSigningJwk {
    return this.#signingKey.publicJwk;
  }

  /** Every access token minted so far, oldest first. */
  get tokens(): readonly string[] {
    return this.#ledger.tokens;
  }

  /**
   * Tells what an access token minted here stands for.
   *
   * @param token Bearer value; an expired one is still known.
   */
  describe(token: string): BearerAccount | undefined {
    return this.#ledger.describe(token);
  }

  /**
   * Switches the API on or off in the calling project.
   *
   * @param state Wanted state.
   */
  setApi(state: "enabled" | "disabled"): void {
    this.#api = state;
  }

  /** Listens, on the same port as before; does nothing while already listening. */
  start(): Promise<void> {
    return this.#server.start();
  }

  /** Goes down: drops every connection and refuses new ones. */
  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** Stops for good. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #serve(exchange: Exchange): Promise<void> {
    if (exchange.method === "GET" && exchange.target === "/oauth2/v3/certs") {
      return exchange.send(createGoogleAnswer(200, { keys: [this.publicJwk] }));
    }
    const operation = parseOperation(exchange.target);
    if (operation === undefined || exchange.method !== "POST") {
      return exchange.send(createFrontEndNotFound());
    }
    const decoded = decodePayload(operation.kind, exchange.body);
    const call = this.#record(exchange, operation, decoded);
    call.status = await respond(exchange, {
      fault: await this.faults.meet(call, exchange.gone),
      answer: () => this.#answer(exchange, { operation, decoded }),
      renderStatus: createServiceError,
    });
  }

  #record(
    exchange: Exchange,
    operation: IamOperation,
    decoded: DecodedPayload,
  ): IamCall {
    const sent = decoded.outcome === "decoded" ? decoded.payload : undefined;
    const call: IamCall = {
      account: this.accounts.find(operation.account) ?? operation.account,
      kind: operation.kind,
      caller: this.#identify(exchange)?.account,
      scopes: sent?.scopes ?? [],
      audience: sent?.audience ?? "",
      includeEmail: sent?.includeEmail ?? false,
      lifetimeSeconds: sent?.lifetimeSeconds,
      delegates: sent?.delegates ?? [],
      status: undefined,
    };
    this.calls.add(call);
    return call;
  }

  #answer(
    exchange: Exchange,
    request: Pick<IamRequest, "operation" | "decoded">,
  ): Promise<Answer> {
    return answerIamRequest({
      ...request,
      authorization: exchange.header("authorization"),
      bearer: this.#identify(exchange),
    }, {
      accounts: this.accounts,
      api: this.#api,
      extendedLifetimeAccounts: this.#options.extendedLifetimeAccounts ?? [],
      ledger: this.#ledger,
      nowMs: this.#options.now(),
      projectNumber: this.#options.projectNumber ?? "123456789012",
      signingKey: this.#signingKey,
    });
  }

  #identify(exchange: Exchange): BearerAccount | undefined {
    const token = /^Bearer (\S+)$/i.exec(exchange.header("authorization") ?? "")
      ?.[1];
    if (token === undefined) return undefined;
    return this.#options.accountOf(token) ?? this.describe(token);
  }
}

/**
 * Starts an emulator of the IAM Service Account Credentials API on a loopback port.
 *
 * @param options Set-up; clock, sleep and the source of callers are required.
 * @throws {Error} If the port is taken.
 */
export async function startIamCredentials(
  options: IamCredentialsOptions,
): Promise<IamCredentials> {
  const api = new IamCredentials(
    options,
    options.signingKey ?? await createSigningKey(),
  );
  await api.start();
  return api;
}
