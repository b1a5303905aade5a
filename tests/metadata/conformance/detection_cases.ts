import assert from "node:assert/strict";
import type { RawAnswer } from "../../sandbox/raw_http.ts";
import { FLAVOR, HOST } from "../raw_client.ts";
import { SA, V1 } from "../pod_side.ts";
import {
  type ConformanceCase,
  type ConformanceNode,
  EMAIL,
  type Sending,
  UNKNOWN,
} from "./node.ts";

const DEFAULT_SCOPES = [
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/userinfo.email",
];

function assertIs(
  answer: RawAnswer,
  expected: { status?: number; type: string; body?: string },
): void {
  assert.equal(answer.status, expected.status ?? 200, answer.body);
  assert.equal(answer.header("Content-Type"), expected.type);
  if (expected.body !== undefined) assert.equal(answer.body, expected.body);
}

async function assertRoot(
  node: ConformanceNode,
  sending: Sending,
): Promise<void> {
  const answer = await node.get("/", sending);
  assertIs(answer, { type: "application/text", body: "computeMetadata/\n" });
}

function assertTree(answer: RawAnswer): void {
  assertIs(answer, { type: "application/json" });
  assert.deepEqual(JSON.parse(answer.body), {
    aliases: ["default"],
    email: EMAIL,
    scopes: DEFAULT_SCOPES,
  });
}

/** C01 to C26: detection and directories. */
export const DETECTION_CASES: readonly ConformanceCase[] = [
  {
    id: "C01",
    title: "the root without flavor",
    run: (node) => assertRoot(node, { headers: [HOST] }),
  },
  {
    id: "C02",
    title: "the root with flavor",
    run: (node) => assertRoot(node, {}),
  },
  {
    id: "C03",
    title: "the root with another flavor",
    run: (node) =>
      assertRoot(node, { headers: [HOST, "Metadata-Flavor: Other"] }),
  },
  {
    id: "C04",
    title: "the root by HTTP/1.0 without Host, then the connection ends",
    run: (node) => assertRoot(node, { version: "HTTP/1.0", headers: [] }),
  },
  {
    id: "C05",
    title: "the root for an unknown pod, without waiting for it",
    // Time stands still, so whatever waits never answers.
    run: (node) => assertRoot(node, { from: UNKNOWN, headers: [HOST] }),
  },
  {
    id: "C06",
    title: "a directory without slash sends to the one with it",
    async run(node): Promise<void> {
      const answer = await node.get(`${V1}/instance`);
      assertIs(answer, { status: 301, type: "text/html" });
      const location = answer.header("Location") ?? "";
      assert.equal(location, `${V1}/instance/`);
      assert.equal((await node.get(location)).status, 200);
    },
  },
  {
    id: "C08",
    title: "the instance lists its service accounts",
    async run(node): Promise<void> {
      const answer = await node.get(`${V1}/instance/`);
      assertIs(answer, { type: "application/text" });
      assert.ok(answer.body.split("\n").includes("service-accounts/"));
      assert.equal(answer.body.at(-1), "\n");
    },
  },
  {
    id: "C09",
    title: "HEAD of the root has its headers alone",
    async run(node): Promise<void> {
      const answer = await node.get("/", { method: "HEAD" });
      assertIs(answer, { type: "application/text", body: "" });
      assert.equal(answer.header("Content-Length"), "17");
    },
  },
  {
    id: "C10",
    title: "the accounts are the pod's own and default",
    async run(node): Promise<void> {
      const answer = await node.get(`${SA}/`);
      assertIs(answer, {
        type: "application/text",
        body: `${EMAIL}/\ndefault/\n`,
      });
    },
  },
  {
    id: "C11",
    title: "the accounts recursively, without token and identity",
    async run(node): Promise<void> {
      const answer = await node.get(`${SA}/?recursive=true`);
      assertIs(answer, { type: "application/json" });
      const account = {
        aliases: ["default"],
        email: EMAIL,
        scopes: DEFAULT_SCOPES,
      };
      assert.deepEqual(JSON.parse(answer.body), {
        default: account,
        [EMAIL]: account,
      });
    },
  },
  {
    id: "C12",
    title: "an account recursively, however true is written",
    async run(node): Promise<void> {
      for (const on of ["true", "True", "1", "on"]) {
        assertTree(await node.get(`${SA}/default/?recursive=${on}`));
      }
    },
  },
  {
    id: "C14",
    title: "an account recursively by its e-mail",
    run: async (node) =>
      assertTree(await node.get(`${SA}/${EMAIL}/?recursive=true`)),
  },
  {
    id: "C15",
    title: "alt on a plain directory",
    async run(node): Promise<void> {
      const answer = await node.get(`${SA}/default/?alt=json`);
      assert.equal(answer.status, 400);
    },
  },
  {
    id: "C16",
    title: "scopes as lines and as an array",
    async run(node): Promise<void> {
      const target = `${SA}/default/scopes`;
      assertIs(await node.get(target), {
        type: "application/text",
        body: DEFAULT_SCOPES.map((scope) => `${scope}\n`).join(""),
      });
      const json = await node.get(`${target}?alt=json`);
      assertIs(json, { type: "application/json" });
      assert.deepEqual(JSON.parse(json.body), DEFAULT_SCOPES);
    },
  },
  {
    id: "C17",
    title: "the e-mail without newline, and quoted",
    async run(node): Promise<void> {
      const target = `${SA}/default/email`;
      assertIs(await node.get(target), {
        type: "application/text",
        body: EMAIL,
      });
      assertIs(await node.get(`${target}?alt=json`), {
        type: "application/json",
        body: `"${EMAIL}"`,
      });
    },
  },
  {
    id: "C18",
    title: "the project's number is all digits",
    async run(node): Promise<void> {
      const answer = await node.get(`${V1}/project/numeric-project-id`);
      assertIs(answer, { type: "application/text", body: "123456789012" });
    },
  },
  {
    id: "C20",
    title: "the project id, with the same tag each time",
    async run(node): Promise<void> {
      const answer = await node.get(`${V1}/project/project-id`);
      assertIs(answer, { type: "application/text", body: "demo-proj" });
      const again = await node.get(`${V1}/project/project-id`);
      assert.match(answer.header("ETag") ?? "", /^[0-9a-f]{16}$/);
      assert.equal(again.header("ETag"), answer.header("ETag"));
    },
  },
  {
    id: "C21",
    title: "the zone with its path",
    async run(node): Promise<void> {
      const { body } = await node.get(`${V1}/instance/zone`);
      assert.match(body, /^projects\/[0-9]+\/zones\/[a-z0-9-]+$/);
    },
  },
  {
    id: "C23",
    title: "the universe",
    async run(node): Promise<void> {
      const answer = await node.get(`${V1}/universe/universe-domain`);
      assertIs(answer, { type: "application/text", body: "googleapis.com" });
    },
  },
  {
    id: "C24",
    title: "the universe as older Go libraries ask for it",
    async run(node): Promise<void> {
      const answer = await node.get(`${V1}/universe/universe_domain`);
      assert.equal(answer.status, 404);
    },
  },
  {
    id: "C25",
    title: "the cluster's name",
    async run(node): Promise<void> {
      const target = `${V1}/instance/attributes/cluster-name`;
      assertIs(await node.get(target), {
        type: "application/text",
        body: "c1",
      });
    },
  },
  {
    id: "C26",
    title: "kube-env is concealed in every form",
    async run(node): Promise<void> {
      const target = `${V1}/instance/attributes/kube-env`;
      for (const query of ["", "?recursive=true", "?alt=json"]) {
        const answer = await node.get(target + query, {
          headers: [HOST, FLAVOR],
        });
        assert.equal(answer.status, 404);
      }
    },
  },
];
