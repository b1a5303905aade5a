import assert from "node:assert/strict";
import type { MetadataServerRequest } from "../../src/sandbox/metadata/server.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import type { RawAnswer } from "../sandbox/raw_http.ts";

/** E-mail of the pod that asks. */
export const OWN = "app@demo-proj.iam.gserviceaccount.com";

/** Statuses that pods may see while nothing is wrong; 503 is for the load of a busy machine. */
const STATUSES = [200, 301, 400, 403, 404, 405, 503];

/** What pods may not have asked of the real server, with any profile that conceals. */
const UNASKABLE = [
  /\/service-?accounts([/?]|$)/i,
  /^(?!\/computeMetadata\/v1\/)/,
  /^\/computeMetadata\/v1\/(?!(instance|project)?(\/|\?|$))/,
  /^\/computeMetadata\/v1\/instance\/(guest-attributes|platform-security|licenses)([/?]|$)/i,
  /^\/computeMetadata\/v1\/instance\/attributes\/(?!cluster-(name|location|uid)(\?|$))[^?]/i,
  /^\/computeMetadata\/v1\/project\/attributes/i,
  /^[^?]*([%;\\#]|\/\/|\/\.{1,2}(\/|\?|$))/,
];

/** Texts that no answer to {@linkcode OWN} may have. */
export function listSecrets({ metadata, iam, nodeAccount }: Sandbox): string[] {
  return [
    ...metadata.secrets,
    ...iam.tokens.filter((token) => iam.describe(token)?.account !== OWN),
    nodeAccount,
    "billing@demo-proj.iam.gserviceaccount.com",
    "admin@demo-proj.iam.gserviceaccount.com",
  ];
}

/**
 * Checks what holds of every answer.
 *
 * @param answer As received.
 * @param options `request` as sent, whose own words an answer may repeat; what stands
 * in `secrets` may not be in the answer otherwise.
 */
export function assertStanding(
  answer: RawAnswer,
  options: {
    readonly method: string;
    readonly request: string;
    readonly secrets: readonly string[];
  },
): void {
  const { method, request, secrets } = options;
  const fields = answer.lines.join("\n");
  assert.ok(STATUSES.includes(answer.status), `status ${answer.status}`);
  for (const secret of secrets) {
    if (request.includes(secret) && answer.status === 301) continue;
    const text = `${fields}\n${answer.body}`;
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
  }
  const flavors = answer.lines.filter((line) =>
    /^metadata-flavor:/i.test(line)
  );
  const isParsers = answer.status === 400 && answer.body === "" &&
    answer.header("Content-Type") === undefined;
  if (isParsers) return assert.deepEqual(flavors, []);
  assert.deepEqual(
    flavors.map((line) => line.replace("metadata-flavor", "Metadata-Flavor")),
    ["Metadata-Flavor: Google"],
  );
  assert.ok(answer.header("Content-Type"));
  assert.equal(answer.header("Transfer-Encoding"), undefined);
  if (method !== "HEAD") {
    assert.equal(answer.header("Content-Length"), String(answer.body.length));
  }
}

/** Checks what the real metadata server was asked on behalf of pods. */
export function assertAskable(request: MetadataServerRequest): void {
  const { method, target, headers } = request;
  assert.equal(method, "GET");
  for (const pattern of UNASKABLE) assert.doesNotMatch(target, pattern);
  const names = headers.map(([name]) => name.toLowerCase()).sort();
  assert.deepEqual(
    names.filter((name) => name !== "connection"),
    ["host", "metadata-flavor"],
  );
}
