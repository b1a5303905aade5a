import type { Answer } from "../loopback_server.ts";
import { createMetadataAnswer, createMetadataError } from "./answers.ts";
import { isTrue, type MetadataTarget } from "./query.ts";
import { renderText } from "./rendering.ts";
import {
  ACQUIRE,
  findValue,
  IDENTITY,
  type LiveEntry,
  type MetadataDirectory,
} from "./tree.ts";
import { type NodeAccountOptions, NodeTokens } from "./node_tokens.ts";
import type { SigningKey } from "../signing_key.ts";
import { deriveUniqueId } from "../unique_id.ts";

/** What the credentials of a node need. */
export interface NodeCredentialsOptions {
  /** Signs identity tokens. */
  readonly signingKey: SigningKey;
  /** Returns the current time in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

const identityLifetimeSeconds = 3600;

/** Answers the entries that hand out credentials of the node, and remembers all it gave away. */
export class NodeCredentials {
  readonly #options: NodeCredentialsOptions;
  readonly #identityTokens: string[] = [];
  /** Access tokens of the node. */
  readonly tokens: NodeTokens;

  /**
   * Creates credentials that have not been asked for yet.
   *
   * @param options Key and clock.
   */
  constructor(options: NodeCredentialsOptions) {
    this.#options = options;
    this.tokens = new NodeTokens(options.now);
  }

  /** Every identity token signed so far, oldest first. */
  get identityTokens(): readonly string[] {
    return [...this.#identityTokens];
  }

  /**
   * Answers a request for a credential.
   *
   * @param entry Which credential.
   * @param target Target of the request.
   * @param options Account of the node, and the tree for claims about the VM.
   */
  answer(entry: LiveEntry, target: MetadataTarget, options: {
    readonly account: NodeAccountOptions;
    readonly root: MetadataDirectory;
  }): Promise<Answer> {
    if (target.query.waitForChange) {
      return Promise.resolve(
        createMetadataError(
          400,
          "wait_for_change is not supported for this entry.",
        ),
      );
    }
    if (entry === IDENTITY) return this.#answerIdentity(target, options);
    const old = entry === ACQUIRE;
    return Promise.resolve(
      this.#answerToken(target, { account: options.account, old }),
    );
  }

  #answerToken(target: MetadataTarget, options: {
    readonly account: NodeAccountOptions;
    readonly old: boolean;
  }): Answer {
    const { pairs, alt } = target.query;
    const enforce = pairs.get("enforce_scopes");
    if (enforce !== null && !isYes(enforce)) {
      return createMetadataError(
        400,
        "enforce_scopes can only be switched on.",
      );
    }
    const asked = (pairs.get("scopes") ?? "").split(",").filter((scope) =>
      scope !== ""
    );
    const scopes = enforce !== null && asked.length > 0
      ? asked
      : options.account.scopes;
    const { token, expiresAtMs, expiresInSeconds } = this.tokens.take(
      options.account,
      scopes,
    );
    const fields = options.old
      ? {
        accessToken: token,
        expiresAt: Math.floor(expiresAtMs / 1000),
        expiresIn: expiresInSeconds,
      }
      : {
        access_token: token,
        expires_in: expiresInSeconds,
        token_type: "Bearer",
      };
    if (alt === "text") {
      const body = Object.entries(fields).map(([key, value]) =>
        `${key} ${value}\n`
      ).join("");
      return createMetadataAnswer(200, { type: "application/text", body });
    }
    return createMetadataAnswer(200, {
      type: "application/json",
      body: JSON.stringify(fields),
    });
  }

  async #answerIdentity(target: MetadataTarget, options: {
    readonly account: NodeAccountOptions;
    readonly root: MetadataDirectory;
  }): Promise<Answer> {
    const { pairs } = target.query;
    const audience = pairs.get("audience") ?? "";
    if (audience === "") {
      return createMetadataAnswer(400, {
        type: "text/html",
        body: "non-empty audience parameter required\n",
      });
    }
    const format = pairs.get("format") ?? "standard";
    if (format !== "standard" && format !== "full") {
      return createMetadataAnswer(400, {
        type: "text/html",
        body: "invalid format parameter\n",
      });
    }
    const { email } = options.account;
    const uniqueId = deriveUniqueId(email);
    const issuedAt = Math.floor(this.#options.now() / 1000);
    const token = await this.#options.signingKey.sign({
      aud: audience,
      azp: uniqueId,
      exp: issuedAt + identityLifetimeSeconds,
      iat: issuedAt,
      iss: "https://accounts.google.com",
      sub: uniqueId,
      ...(format === "full"
        ? describeInstance(pairs, { email, root: options.root })
        : {}),
    });
    this.#identityTokens.push(token);
    return createMetadataAnswer(200, { type: "text/html", body: token });
  }
}

function describeInstance(pairs: URLSearchParams, options: {
  readonly email: string;
  readonly root: MetadataDirectory;
}): Readonly<Record<string, unknown>> {
  const { email, root } = options;
  const read = (path: string): string => {
    const value = findValue(root, path.split("/"));
    return value === undefined ? "" : renderText(value);
  };
  return {
    email,
    email_verified: true,
    google: {
      compute_engine: {
        instance_id: read("instance/id"),
        instance_name: read("instance/name"),
        ...(isTrue(pairs.get("licenses"))
          ? { license_id: [read("instance/licenses/0/id")] }
          : {}),
        project_id: read("project/project-id"),
        project_number: Number(read("project/numeric-project-id")),
        zone: read("instance/zone").replace(/^.*\//, ""),
      },
    },
  };
}

function isYes(value: string): boolean {
  return /^(true|1|yes|y)$/i.test(value);
}
