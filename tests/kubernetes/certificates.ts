/** Certificates for loopback, in PEM; the private authority signs both others. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

const SERVER_EXTENSIONS =
  "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n";
const CLIENT_EXTENSIONS =
  "extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n";

/** Makes certificates with `openssl`; `undefined` where there is none. */
export async function makeCertificates(): Promise<Certificates | undefined> {
  const folder = await Deno.makeTempDir();
  const read = (name: string): Promise<string> =>
    Deno.readTextFile(`${folder}/${name}`);
  try {
    await openssl(
      folder,
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 " +
        "-subj /CN=authority -addext keyUsage=keyCertSign -keyout ca.key -out ca.crt",
    );
    for (
      const [name, extensions] of [
        ["server", SERVER_EXTENSIONS],
        ["client", CLIENT_EXTENSIONS],
      ] as const
    ) {
      await Deno.writeTextFile(`${folder}/${name}.ext`, extensions);
      await openssl(
        folder,
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes " +
          `-subj /CN=${name} -keyout ${name}.key -out ${name}.csr`,
      );
      await openssl(
        folder,
        `x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 ` +
          `-extfile ${name}.ext -out ${name}.crt`,
      );
    }
    return {
      ca: await read("ca.crt"),
      server: { cert: await read("server.crt"), key: await read("server.key") },
      client: { cert: await read("client.crt"), key: await read("client.key") },
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function openssl(folder: string, args: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args: args.split(" "),
    cwd: folder,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** The certificates, in a test that runs only where there are some. */
export function given(made: Certificates | undefined): Certificates {
  if (made === undefined) throw new Error("there is no openssl");
  return made;
}
