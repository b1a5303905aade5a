import assert from "node:assert/strict";
import { open } from "../byte_client.ts";
import { FLAVOR, HOST } from "../raw_client.ts";
import { SA, V1 } from "../pod_side.ts";
import {
  A,
  B,
  type ConformanceCase,
  type ConformanceNode,
  write,
} from "./node.ts";

const TOKEN = `${SA}/default/token`;
const CLOSE = "Connection: close";

async function assertForbidden(
  node: ConformanceNode,
  line: string,
  target = TOKEN,
): Promise<void> {
  const answer = await node.get(target, { add: [line] });
  assert.equal(answer.status, 403);
  assert.equal(answer.header("Content-Type"), "text/plain; charset=utf-8");
  assert.deepEqual(node.iamCalls, []);
}

async function assertStatuses(
  node: ConformanceNode,
  targets: readonly string[],
  allowed: readonly number[],
): Promise<void> {
  for (const target of targets) {
    const { status } = await node.get(target);
    assert.ok(allowed.includes(status), `${status} for ${target}`);
  }
  assert.deepEqual(node.iamCalls, []);
}

/** Sends bytes that the HTTP parser may refuse with an empty 400. */
async function statusOf(
  node: ConformanceNode,
  text: string,
): Promise<number | undefined> {
  const [answer] = await node.exchange(text, { methods: ["GET"] });
  return answer?.status;
}

/** C61 to C68 and C76 to C93: what is refused, and that nobody suffers from it. */
export const REFUSAL_CASES: readonly ConformanceCase[] = [
  {
    id: "C61",
    title: "no flavor",
    async run(node): Promise<void> {
      const answer = await node.get(TOKEN, { headers: [HOST] });
      assert.equal(answer.status, 403);
      assert.match(answer.header("Content-Type") ?? "", /^text\/plain/);
      assert.equal(
        answer.body,
        'Missing required header "Metadata-Flavor": "Google"\n',
      );
      assert.deepEqual(node.iamCalls, []);
    },
  },
  {
    id: "C63",
    title: "X-Forwarded-For",
    run: (node) => assertForbidden(node, "X-Forwarded-For: 1.2.3.4"),
  },
  {
    id: "C64",
    title: "X-Forwarded-For without value",
    run: (node) => assertForbidden(node, "X-Forwarded-For:"),
  },
  {
    id: "C65",
    title: "x-forwarded-for in lower case",
    run: (node) => assertForbidden(node, "x-forwarded-for: 1.2.3.4"),
  },
  {
    id: "C66",
    title: "X-Forwarded-For on the root",
    run: (node) => assertForbidden(node, "X-Forwarded-For: 1.2.3.4", "/"),
  },
  {
    id: "C68",
    title: "headers that sidecars add",
    async run(node): Promise<void> {
      const lines = ["X-Real-IP: 1.2.3.4", "Via: 1.1 proxy"];
      for (const line of [...lines, "x-envoy-attempt-count: 1"]) {
        const answer = await node.get(`${SA}/default/email`, { add: [line] });
        assert.equal(answer.status, 200);
      }
    },
  },
  {
    id: "C76",
    title: "paths that would have to be normalised",
    run: (node) =>
      assertStatuses(node, [
        `/${V1}/project/project-id`,
        `${V1}//project/project-id`,
        `${V1}/./project/project-id`,
        `${V1}/x/../project/project-id`,
        `${V1}/project/project-id/..`,
        "/%63omputeMetadata/v1/project/project-id",
        `${V1}/instance%2Fservice-accounts/default/token`,
        `${V1}/instance/%2e%2e/project/project-id`,
        `${V1}\\instance`,
        `${V1}/project/project-id;x=1`,
        `${V1}/project/project-id%00`,
        "/COMPUTEMETADATA/v1/",
        `${SA}/app%40demo-proj.iam.gserviceaccount.com/token`,
        `${TOKEN}.`,
        `${SA}/default/Token`,
      ], [404]),
  },
  {
    id: "C77",
    title: "targets of another form",
    async run(node): Promise<void> {
      const absolute = [
        `http://evil.example${V1}/project/project-id`,
        "https://evil.example/",
      ];
      await assertStatuses(node, absolute, [400, 403]);
      const own = `http://metadata.google.internal${V1}`;
      await assertStatuses(
        node,
        [`${own}/instance/attributes/kube-env`],
        [400, 404],
      );
      for (
        const [method, target, headers] of [
          ["CONNECT", "169.254.169.254:80", [HOST, FLAVOR]],
          ["OPTIONS", "*", [HOST, FLAVOR]],
          ["GET", `${own}/project/project-id`, [HOST]],
        ] as const
      ) {
        const text = write(target, { method, headers, add: [CLOSE] });
        const status = await statusOf(node, text) ?? 400;
        assert.ok([400, 403, 405].includes(status), `${status} ${method}`);
      }
    },
  },
  {
    id: "C78",
    title: "methods other than GET and HEAD",
    async run(node): Promise<void> {
      const methods = ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"];
      const targets = [TOKEN, `${V1}/instance/guest-attributes/a/b`];
      for (const target of targets) {
        for (const method of [...methods, "PROPFIND"]) {
          const answer = await node.get(target, { method });
          assert.equal(answer.status, 405);
          assert.equal(answer.header("Allow"), "GET, HEAD");
          assert.ok(
            !answer.lines.some((line) => /^access-control-/i.test(line)),
          );
        }
        const answer = await node.get(target, { method: "get" });
        assert.equal(answer.status, 400);
      }
      assert.deepEqual(node.iamCalls, []);
    },
  },
  {
    id: "C80",
    title: "two pipelined requests, each on its own",
    async run(node): Promise<void> {
      const targets = [
        `${V1}/project/project-id`,
        `${V1}/instance/attributes/kube-env`,
      ];
      for (const order of [targets, targets.toReversed()]) {
        const [first = "", second = ""] = order;
        const answers = await node.exchange(
          write(first) + write(second, { add: [CLOSE] }),
          { methods: ["GET", "GET"] },
        );
        assert.deepEqual(
          answers.map(({ status }) => status),
          order.map((target) => target.endsWith("kube-env") ? 404 : 200),
        );
      }
    },
  },
  {
    id: "C81",
    title: "a later request of a connection without flavor",
    async run(node): Promise<void> {
      const answers = await node.exchange(
        write(`${SA}/default/email`) +
          write(`${SA}/default/email`, { headers: [HOST, CLOSE] }),
        { methods: ["GET", "GET"] },
      );
      assert.deepEqual(answers.map(({ status }) => status), [200, 403]);
    },
  },
  {
    id: "C82",
    title: "legacy APIs, with and without flavor",
    async run(node): Promise<void> {
      const targets = [
        "/0.1/meta-data/service-accounts/default/acquire",
        "/computeMetadata/v1beta1/instance/service-accounts/default/token",
        "/latest/meta-data/",
      ];
      await assertStatuses(node, targets, [404]);
      for (const target of targets) {
        const answer = await node.get(target, { headers: [HOST] });
        assert.equal(answer.status, 403);
      }
    },
  },
  {
    id: "C85",
    title: "scopes that are none",
    run: (node) =>
      assertStatuses(node, [
        `${TOKEN}?scopes=cloud%20platform`,
        `${TOKEN}?scopes=%22cloud-platform%22`,
        `${TOKEN}?scopes=cloud-platform%0d%0aX:y`,
        `${TOKEN}?scopes=${"a".repeat(8_193)}`,
        `${TOKEN}?scopes=${"a".repeat(7_000)}`,
      ], [400]),
  },
  {
    id: "C89",
    title: "headers over 16 KiB and targets over 8 KiB",
    async run(node): Promise<void> {
      const long = `X-Long: ${"x".repeat(16_384)}`;
      const text = write(TOKEN, { add: [long, CLOSE] });
      const statuses = [
        await statusOf(node, text),
        (await node.get(`/${"x".repeat(8_192)}`)).status,
        (await node.get(`${TOKEN}?x=${"x".repeat(8_192)}`)).status,
      ];
      for (const status of statuses) {
        assert.ok(status !== undefined && status >= 400 && status < 500);
      }
      assert.deepEqual(node.iamCalls, []);
    },
  },
  {
    id: "C90",
    title: "200 unfinished requests of a pod delay no other",
    async run(node): Promise<void> {
      const sockets = Array.from(
        { length: 200 },
        () => open(node.port, { from: A, text: "GET / HT" }),
      );
      try {
        await Promise.all(
          sockets.map((socket) =>
            new Promise((resolve) => socket.once("connect", resolve))
          ),
        );
        // Time stands still: nothing is answered because somebody timed out.
        assert.equal((await node.get(TOKEN, { from: B })).status, 200);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    },
  },
  {
    id: "C93",
    title: "what belongs to the admin listener",
    run: (node) =>
      assertStatuses(node, [
        "/healthz",
        "/readyz",
        "/metrics",
        "/debug/store",
        "/debug/pprof/",
      ], [404]),
  },
];

const MACHINE_TYPE = `${V1}/instance/machine-type`;

/** C70 to C73: what the operator allows of the real server; `instance/machine-type` here. */
export const PROXY_CASES: readonly ConformanceCase[] = [
  {
    id: "C70",
    title: "an allowed entry, asked for with the fixed headers alone",
    asksUpstream: true,
    async run(node): Promise<void> {
      const answer = await node.get(MACHINE_TYPE);
      assert.equal(answer.status, 200);
      assert.equal(answer.header("Content-Type"), "application/text");
      assert.equal(
        answer.body,
        "projects/123456789012/machineTypes/e2-standard-4",
      );
      assertFixedHeaders(node);
    },
  },
  {
    id: "C71",
    title: "no header of the client reaches the real server",
    asksUpstream: true,
    async run(node): Promise<void> {
      const answer = await node.get(MACHINE_TYPE, {
        add: ["Cookie: a=b", "Authorization: Bearer x", "User-Agent: y"],
      });
      assert.equal(answer.status, 200);
      assertFixedHeaders(node);
    },
  },
  {
    id: "C72",
    title: "of the query, only what the real server knows",
    asksUpstream: true,
    async run(node): Promise<void> {
      const target = `${MACHINE_TYPE}?alt=json&foo=1&timeout_sec=5`;
      assert.equal((await node.get(target)).status, 200);
      assert.deepEqual(node.upstream, [
        `${MACHINE_TYPE}?alt=json&timeout_sec=5`,
      ]);
    },
  },
  {
    id: "C73",
    title: "the real server is down",
    asksUpstream: true,
    async run(node): Promise<void> {
      const { metadata } = node.sandbox;
      await metadata.stop();
      assert.equal((await node.get(MACHINE_TYPE)).status, 503);
      await metadata.start();
    },
  },
];

function assertFixedHeaders({ sandbox }: ConformanceNode): void {
  const [request, ...others] = sandbox.metadata.requests.entries;
  assert.deepEqual(others, []);
  assert.equal(request?.method, "GET");
  const names = request?.headers.map(([name]) => name)
    .filter((name) => name.toLowerCase() !== "connection").sort();
  assert.deepEqual(names, ["Host", "Metadata-Flavor"]);
}
