import assert from "node:assert/strict";
import fc from "fast-check";
import { startTestDaemon } from "../test_daemon.ts";
import { sendBytes } from "./byte_client.ts";
import { type HostileRequest, hostileRequest } from "./hostile_request.ts";
import { HostileServer, PEERS } from "./hostile_server.ts";
import { mayShow, PROFILES } from "./marked_upstream.ts";
import {
  assertAskable,
  assertStanding,
  listSecrets,
} from "./standing_assertions.ts";

/** How many requests are made up; those over sockets are a hundredth of these. */
const RUNS = Number(Deno.env.get("PROPERTY_RUNS") ?? 200_000);
/** Starts the same run again; a failed one prints its own. */
const SEED = Deno.env.get("PROPERTY_SEED");
const PARAMETERS = SEED === undefined ? {} : { seed: Number(SEED) };

Deno.test("createMetadataHandler() gives nothing away, whatever is asked", async () => {
  const servers = PROFILES.map((profile) => new HostileServer(profile));
  const statuses = new Map<number | undefined, number>();
  const property = fc.asyncProperty(
    hostileRequest,
    fc.constantFrom(...servers),
    fc.constantFrom(...PEERS),
    async (request, server, peer) => {
      const answer = await server.check(request, peer);
      statuses.set(answer?.status, (statuses.get(answer?.status) ?? 0) + 1);
    },
  );
  await fc.assert(property, { ...PARAMETERS, numRuns: RUNS });
  // Inputs that all fail at the first gate would show nothing.
  for (const status of [200, 301, 400, 403, 404, 405, 503]) {
    const count = statuses.get(status) ?? 0;
    assert.ok(count >= Math.floor(RUNS / 10_000), `${count} times ${status}`);
  }
});

Deno.test("the daemon gives nothing away over sockets, whatever is asked", async () => {
  await using daemon = await startTestDaemon();
  const { metadata } = daemon.sandbox;
  const path = "instance/service-accounts/default/token";
  for (const from of ["127.0.0.1", "127.0.0.11"]) {
    await daemon.askUntil({ from, path }, ({ status }) => status === 200);
  }
  await metadata.requests.reached(
    1,
    ({ target }) => target.endsWith("/project/project-id"),
  );
  const property = fc.asyncProperty(
    hostileRequest.filter(isBrief),
    async (request) => {
      const { method } = request;
      const text = write(request);
      metadata.requests.clear();
      const { answers, rest } = await sendBytes(daemon.port, text, {
        methods: [method],
      });
      assert.equal(rest, "");
      assert.ok(answers.length <= 1);
      const secrets = listSecrets(daemon.sandbox);
      for (const answer of answers) {
        assertStanding(answer, { method, request: text, secrets });
      }
      metadata.requests.entries.forEach(assertAskable);
    },
  );
  const numRuns = Math.max(2_000, RUNS / 100);
  await fc.assert(property, { ...PARAMETERS, numRuns });
});

/** A wait for a change lasts as long as it is told to, and a path ends the line. */
function isBrief({ target }: HostileRequest): boolean {
  const query = target.includes("?") ? target.slice(target.indexOf("?")) : "";
  return !/wait|%7[0-9a]|%6[1-9a-f]|[\0-\x20]/i.test(query);
}

function write({ method, target, headers }: HostileRequest): string {
  return [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
    "",
    "",
  ].join("\r\n");
}

Deno.test("mayShow() conceals what the document says", () => {
  for (const profile of PROFILES) {
    assert.ok(mayShow("instance/zone", profile));
    assert.ok(mayShow("instance/attributes/cluster-name", profile));
    assert.ok(!mayShow("instance/service-accounts/default/token", profile));
    assert.ok(!mayShow("oslogin/users", profile));
    assert.equal(
      mayShow("instance/attributes/kube-env", profile),
      profile === "all",
    );
  }
});
