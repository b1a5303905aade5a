import { createConnection } from "../../src/kubernetes/connection.ts";
import { describeError } from "../../src/telemetry/log.ts";

/** Prints what becomes of the connection from inside a pod, for a test that sets the environment. */
try {
  const connection = createConnection({ kind: "in-cluster", insecure: false });
  const access = await connection.access().then(
    () => "read",
    (error: unknown) => describeError(error),
  );
  print({ server: connection.server, access });
} catch (error) {
  print({ error: describeError(error) });
}

function print(outcome: Readonly<Record<string, string>>): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(outcome)));
}
