/**
 * Answers every request with its first argument and the caller's address. `DAEMON` gives
 * itself out for a daemon.
 */
const [name = "", hostname = "", port = ""] = Deno.args;

Deno.serve(
  {
    hostname,
    port: Number(port),
    onListen: () =>
      Deno.stderr.writeSync(new TextEncoder().encode("listening")),
  },
  (_request, { remoteAddr }) => {
    const { hostname: peer } = remoteAddr as Deno.NetAddr;
    return new Response(`${name} ${peer.replace(/^::ffff:/, "")}`, {
      headers: name === "DAEMON"
        ? { "Server": "k8s-gke-service-account-assigner" }
        : {},
    });
  },
);
