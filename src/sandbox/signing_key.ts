import { Buffer } from "node:buffer";

/** The public half of a signing key as it stands in a JSON Web Key Set. */
export interface PublicSigningJwk {
  /** Key type. */
  readonly kty: "RSA";
  /** Signature algorithm. */
  readonly alg: "RS256";
  /** Intended use. */
  readonly use: "sig";
  /** Key id, repeated in the header of every token. */
  readonly kid: string;
  /** Modulus, base64url. */
  readonly n: string;
  /** Public exponent, base64url. */
  readonly e: string;
}

/** Signs ID tokens as Google does: RS256, with a key id that a key set resolves. */
export interface SigningKey {
  /** Verifies what {@linkcode SigningKey.sign} signs. */
  readonly publicJwk: PublicSigningJwk;
  /**
   * Signs claims.
   *
   * @param claims Payload; `undefined` values are left out.
   * @returns The compact serialisation.
   */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** Generates a fresh 2048-bit key that lives in this process only. */
export async function createSigningKey(): Promise<SigningKey> {
  const extractable = false;
  const pair = await crypto.subtle.generateKey(
    {
      ...algorithm,
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    extractable,
    ["sign", "verify"],
  );
  const { n = "", e = "" } = await crypto.subtle.exportKey(
    "jwk",
    pair.publicKey,
  );
  const kid = crypto.randomUUID().replaceAll("-", "");
  const header = encodePart({ alg: "RS256", kid, typ: "JWT" });
  return {
    publicJwk: { kty: "RSA", alg: "RS256", use: "sig", kid, n, e },
    async sign(claims: Readonly<Record<string, unknown>>): Promise<string> {
      const signed = `${header}.${encodePart(claims)}`;
      const signature = await crypto.subtle.sign(
        algorithm.name,
        pair.privateKey,
        new TextEncoder().encode(signed),
      );
      return `${signed}.${Buffer.from(signature).toString("base64url")}`;
    },
  };
}

function encodePart(part: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
