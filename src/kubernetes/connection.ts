/** What a request to the API server needs, read afresh for each. */
export interface Access {
  /** Headers that authenticate us. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificate authority in PEM, if not the system's. */
  readonly ca: string | undefined;
  /** Client certificate and key in PEM. */
  readonly certificate:
    | { readonly cert: string; readonly key: string }
    | undefined;
  /** Do not verify the server's certificate. */
  readonly insecure: boolean;
}

/** Where the API server is, and how to be let in. */
export interface Connection {
  /** Base URL, without trailing slash. */
  readonly server: string;
  /**
   * Reads the credentials.
   *
   * @throws If a token or certificate file cannot be read, or holds no header's value.
   */
  access(): Promise<Access>;
}

/**
 * Makes a connection of what somebody wrote about it.
 *
 * @param written Its URL may end in slashes, and its headers in newlines, as files do.
 * @throws If the address is no URL.
 */
export function trimConnection(written: Connection): Connection {
  const { server } = written;
  if (!URL.canParse(server)) {
    throw new Error(`The API server's address is no URL: ${server}`);
  }
  return {
    server: server.replace(/\/+$/, ""),
    async access(): Promise<Access> {
      const access = await written.access();
      const headers = Object.entries(access.headers)
        .map(([name, value]) => [name, trimHeader(name, value)]);
      return { ...access, headers: Object.fromEntries(headers) };
    },
  };
}

/** Checked here, because the runtime's own error would quote the token. */
const HEADER_VALUE = /^[\x20-\x7e]*$/;

function trimHeader(name: string, value: string): string {
  const line = value.trim();
  if (HEADER_VALUE.test(line)) return line;
  throw new Error(`The ${name} header would hold more than one line of text`);
}
