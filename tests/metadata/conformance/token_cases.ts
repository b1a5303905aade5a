import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import type { RawAnswer } from "../../sandbox/raw_http.ts";
import { sendBytes } from "../byte_client.ts";
import { SA } from "../pod_side.ts";
import {
  A,
  B,
  type ConformanceCase,
  type ConformanceNode,
  EMAIL,
  N,
  OTHER_EMAIL,
  UNKNOWN,
  write,
} from "./node.ts";

const TOKEN = `${SA}/default/token`;

interface TokenFields {
  readonly access_token: string;
  readonly expires_in: number;
  readonly token_type: string;
}

function fieldsOf(answer: RawAnswer): TokenFields {
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.header("Content-Type"), "application/json");
  assert.equal(answer.header("Cache-Control"), "no-store");
  const fields: TokenFields = JSON.parse(answer.body);
  assert.deepEqual(Object.keys(fields), [
    "access_token",
    "expires_in",
    "token_type",
  ]);
  assert.match(fields.access_token, /./);
  assert.ok(Number.isInteger(fields.expires_in) && fields.expires_in >= 1);
  assert.equal(fields.token_type, "Bearer");
  return fields;
}

function assertRefusal(answer: RawAnswer, status: number): void {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.header("Content-Type"), "application/json");
  const { error, error_description: description } = JSON.parse(answer.body);
  assert.match(error, /^[a-z_]+$/);
  assert.match(description, /^[^\n]+$/);
}

function audienceOf({ status, body }: RawAnswer): unknown {
  assert.equal(status, 200, body);
  return decodeJwt(body).aud;
}

async function assertSameToken(
  node: ConformanceNode,
  target: string,
): Promise<void> {
  const { access_token: token } = fieldsOf(await node.get(TOKEN));
  assert.equal(fieldsOf(await node.get(target)).access_token, token);
  assert.equal(node.iamCalls.length, 1);
}

/** A token that is asked for while IAM does not answer as it should. */
async function assertUnavailable(node: ConformanceNode): Promise<void> {
  const quiet = node.time.sleeping;
  const asking = node.get(TOKEN);
  // The time that a request may take begins when it has arrived.
  await Promise.race([asking, node.time.asleep(quiet + 1)]);
  assertRefusal(await node.elapse(asking), 503);
}

/** C30 to C60: tokens, each case on a node of its own. */
export const TOKEN_CASES: readonly ConformanceCase[] = [
  {
    id: "C30",
    title: "a token, for one call of IAM with the default scopes",
    async run(node): Promise<void> {
      const { expires_in: left } = fieldsOf(await node.get(TOKEN));
      assert.ok(left >= 300);
      const [call, ...others] = node.iamCalls;
      assert.deepEqual(others, []);
      assert.equal(call?.account, EMAIL);
      assert.deepEqual(call?.scopes, [
        "https://www.googleapis.com/auth/cloud-platform",
        "https://www.googleapis.com/auth/userinfo.email",
      ]);
    },
  },
  {
    id: "C31",
    title: "the same token by the account's e-mail",
    run: (node) => assertSameToken(node, `${SA}/${EMAIL}/token`),
  },
  {
    id: "C32",
    title: "the same token with recursive",
    run: (node) => assertSameToken(node, `${TOKEN}?recursive=true`),
  },
  {
    id: "C33",
    title: "the same token with alt=json",
    run: (node) => assertSameToken(node, `${TOKEN}?alt=json`),
  },
  {
    id: "C37",
    title: "the same token with empty scopes",
    run: (node) => assertSameToken(node, `${TOKEN}?scopes=`),
  },
  {
    id: "C38",
    title: "a token as three lines",
    async run(node): Promise<void> {
      const answer = await node.get(`${TOKEN}?alt=text`);
      assert.equal(answer.header("Content-Type"), "application/text");
      assert.match(
        answer.body,
        /^access_token \S+\nexpires_in \d+\ntoken_type Bearer\n$/,
      );
    },
  },
  {
    id: "C39",
    title: "no directory of that name",
    async run(node): Promise<void> {
      assert.equal((await node.get(`${TOKEN}/`)).status, 404);
      assert.deepEqual(node.iamCalls, []);
    },
  },
  {
    id: "C40",
    title: "no waiting for a token",
    async run(node): Promise<void> {
      const answer = await node.get(`${TOKEN}?wait_for_change=true`);
      assert.equal(answer.status, 400);
    },
  },
  {
    id: "C41",
    title: "100 first requests at once make one call",
    async run(node): Promise<void> {
      const { iam } = node.sandbox;
      iam.faults.add({ kind: "delay", ms: 2_000 });
      const quiet = node.time.sleeping;
      const asking = Array.from({ length: 100 }, () => node.get(TOKEN));
      await node.time.asleep(quiet + 100);
      await iam.calls.reached(1);
      const answers = await node.elapse(Promise.all(asking));
      const tokens = answers.map((answer) => fieldsOf(answer).access_token);
      assert.equal(new Set(tokens).size, 1);
      assert.equal(node.iamCalls.length, 1);
    },
  },
  {
    id: "C42",
    title: "a token with 299 s left is not served while IAM is healthy",
    asksUpstream: true,
    async run(node): Promise<void> {
      const first = fieldsOf(await node.get(TOKEN));
      node.time.advance((first.expires_in - 299) * 1_000);
      const next = fieldsOf(await node.elapse(node.get(TOKEN)));
      assert.ok(next.expires_in >= 300, `${next.expires_in} s left`);
    },
  },
  {
    id: "C44",
    title: "a token with nothing left and no IAM is a 503 in time",
    asksUpstream: true,
    async run(node): Promise<void> {
      const first = fieldsOf(await node.get(TOKEN));
      await node.sandbox.iam.stop();
      node.time.advance(first.expires_in * 1_000);
      await assertUnavailable(node);
    },
  },
  {
    id: "C45",
    title: "the seconds left follow the clock",
    async run(node): Promise<void> {
      const first = fieldsOf(await node.get(TOKEN));
      node.time.advance(100_000);
      const next = fieldsOf(await node.get(TOKEN));
      assert.equal(next.access_token, first.access_token);
      assert.ok(Math.abs(first.expires_in - next.expires_in - 100) <= 1);
    },
  },
  {
    id: "C46",
    title: "a token near its end is renewed without a request",
    asksUpstream: true,
    async run(node): Promise<void> {
      const first = fieldsOf(await node.get(TOKEN));
      node.time.advance((first.expires_in - 700) * 1_000);
      const { iam } = node.sandbox;
      const isOfApp = ({ account }: { account: string }): boolean =>
        account === EMAIL;
      await node.elapse(Promise.resolve());
      assert.equal(iam.calls.count(isOfApp), 1);
      node.time.advance(110_000);
      await iam.calls.reached(2, isOfApp);
    },
  },
  {
    id: "C47",
    title: "IAM does not let the node act as the account",
    async run(node): Promise<void> {
      const { iam, nodeAccount } = node.sandbox;
      iam.accounts.revoke(EMAIL, nodeAccount);
      const answer = await node.get(TOKEN);
      assertRefusal(answer, 403);
      assert.ok(answer.body.includes(EMAIL));
      assert.ok(answer.body.includes("roles/iam.serviceAccountTokenCreator"));
      assert.equal(node.iamCalls.length, 1);
    },
  },
  {
    id: "C48",
    title: "the account does not exist",
    async run(node): Promise<void> {
      node.sandbox.iam.accounts.remove(EMAIL);
      assertRefusal(await node.get(TOKEN), 403);
    },
  },
  ...[500, 502, 429].map((status): ConformanceCase => ({
    id: "C49",
    title: `IAM answers ${status}`,
    async run(node): Promise<void> {
      node.sandbox.iam.faults.add({ kind: "status", status });
      await assertUnavailable(node);
    },
  })),
  {
    id: "C49",
    title: "IAM does not answer",
    async run(node): Promise<void> {
      const release = node.sandbox.iam.faults.hold();
      await assertUnavailable(node);
      release();
    },
  },
  {
    id: "C49",
    title: "IAM refuses the connection",
    async run(node): Promise<void> {
      await node.sandbox.iam.stop();
      await assertUnavailable(node);
    },
  },
  {
    id: "C50",
    title: "a pod without account",
    async run(node): Promise<void> {
      const answer = await node.get(TOKEN, { from: N });
      assertRefusal(answer, 404);
      assert.equal(JSON.parse(answer.body).error, "invalid_request");
      const list = await node.get(`${SA}/`, { from: N });
      assert.deepEqual([list.status, list.body], [200, ""]);
      assert.equal((await node.get("/", { from: N })).status, 200);
    },
  },
  {
    id: "C51",
    title: "an address that no pod has",
    async run(node): Promise<void> {
      const asking = node.get(TOKEN, { from: UNKNOWN });
      assertRefusal(await node.elapse(asking), 503);
      assert.deepEqual(node.iamCalls, []);
    },
  },
  {
    id: "C52",
    title: "another pod's account",
    async run(node): Promise<void> {
      const answer = await node.get(`${SA}/${OTHER_EMAIL}/token`);
      assert.equal(answer.status, 404);
      assert.deepEqual(node.iamCalls, []);
    },
  },
  {
    id: "C53",
    title: "two pods at once, 1,000 requests, no mix-up",
    async run(node): Promise<void> {
      const { iam } = node.sandbox;
      const ask = async (from: string, account: string): Promise<void> => {
        const { answers } = await sendBytes(
          node.port,
          write(TOKEN).repeat(49) +
            write(TOKEN, { add: ["Connection: close"] }),
          { from, methods: [] },
        );
        assert.equal(answers.length, 50);
        for (const answer of answers) {
          const { access_token: token } = fieldsOf(answer);
          assert.equal(iam.describe(token)?.account, account);
        }
      };
      await Promise.all(
        Array.from(
          { length: 20 },
          (_, index) => index % 2 === 0 ? ask(A, EMAIL) : ask(B, OTHER_EMAIL),
        ),
      );
      assert.equal(node.iamCalls.length, 2);
    },
  },
  {
    id: "C55",
    title: "a terminating pod keeps its account",
    async run(node): Promise<void> {
      const { cluster } = node.sandbox.kubernetes;
      cluster.markTerminating({
        resource: "pods",
        namespace: "default",
        name: "pod-5",
      });
      fieldsOf(await node.get(TOKEN));
    },
  },
  {
    id: "C56",
    title: "no ID token without audience",
    async run(node): Promise<void> {
      for (const query of ["", "?audience=", "?format=full"]) {
        const answer = await node.get(`${SA}/default/identity${query}`);
        assert.equal(answer.status, 400);
        assert.equal(answer.header("Content-Type"), "text/html");
        assert.equal(answer.body, "non-empty audience parameter required");
      }
    },
  },
  {
    id: "C57",
    title: "a bare ID token as HTML",
    async run(node): Promise<void> {
      const answer = await node.get(
        `${SA}/default/identity?audience=https%3A%2F%2Fa.example&format=full`,
      );
      assert.equal(answer.header("Content-Type"), "text/html");
      assert.match(answer.body, /^[\w-]+\.[\w-]+\.[\w-]+$/);
      assert.equal(audienceOf(answer), "https://a.example");
      assert.equal(decodeJwt(answer.body)["email"], EMAIL);
    },
  },
  {
    id: "C58",
    title: "an audience sent raw",
    async run(node): Promise<void> {
      const answer = await node.get(
        `${SA}/default/identity?audience=https://a.example`,
      );
      assert.equal(audienceOf(answer), "https://a.example");
    },
  },
  {
    id: "C59",
    title: "two audiences, two calls",
    async run(node): Promise<void> {
      for (const audience of ["x", "y", "x"]) {
        const answer = await node.get(
          `${SA}/default/identity?audience=${audience}`,
        );
        assert.equal(audienceOf(answer), audience);
      }
      const asked = node.iamCalls.map(({ audience }) => audience);
      assert.deepEqual(asked, ["x", "y"]);
    },
  },
  {
    id: "C60",
    title: "format and licenses",
    async run(node): Promise<void> {
      const target = `${SA}/default/identity?audience=x`;
      assert.equal((await node.get(`${target}&format=bogus`)).status, 400);
      for (const licenses of ["true", "TRUE", "FALSE"]) {
        const answer = await node.get(`${target}&licenses=${licenses}`);
        assert.equal(audienceOf(answer), "x");
      }
    },
  },
];
