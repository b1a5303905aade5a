import type { IamCredentials } from "../../src/sandbox/iam/credentials.ts";

/** A storage service that runs, with the one bucket `accounts`. */
export interface StorageServer extends AsyncDisposable {
  /** Base URL without a final slash. */
  readonly url: string;
}

/**
 * Starts a storage service that asks IAM whose token a caller has: the only object
 * in its bucket has the name of the caller's account.
 */
export function startStorageServer(
  iam: Pick<IamCredentials, "describe">,
  at: { readonly hostname: string; readonly port: number },
): StorageServer {
  const server = Deno.serve({ ...at, onListen: () => {} }, (request) => {
    const bearer = request.headers.get("authorization") ?? "";
    const name = iam.describe(bearer.replace(/^Bearer /, ""))?.account;
    if (name === undefined) return refuse(401, "No token of IAM's");
    const { pathname } = new URL(request.url);
    if (pathname !== "/storage/v1/b/accounts/o") return refuse(404, pathname);
    const item = {
      kind: "storage#object",
      bucket: "accounts",
      name,
      size: "0",
    };
    return Response.json({ kind: "storage#objects", items: [item] });
  });
  return {
    url: `http://${server.addr.hostname}:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function refuse(code: number, message: string): Response {
  return Response.json({ error: { code, message } }, { status: code });
}
