import assert from "node:assert/strict";
import { EXPLAIN_COMMAND } from "../../src/cli/explain.ts";
import { askIam } from "../../src/cli/explain/ask_iam.ts";
import { loadConfig } from "../../src/config/load_config.ts";
import { systemClock } from "../../src/cli/system_clock.ts";
import { EXPLAINED_REASONS } from "../../src/core/explanation.ts";
import type { KubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import { podObject } from "../../src/sandbox/kubernetes/objects.ts";
import {
  type IamCredentials,
  startIamCredentials,
} from "../../src/sandbox/iam/credentials.ts";
import {
  type MetadataServer,
  startMetadataServer,
} from "../../src/sandbox/metadata/server.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { sharedSigningKey } from "../sandbox/shared_signing_key.ts";
import {
  ADMIN,
  APP,
  DAEMON_TOKEN,
  NODE,
  NODE_ACCOUNT,
  PERSON_TOKEN,
  startExplainedCluster,
} from "./explain_cluster.ts";
import { type CommandRun, runIn } from "./run_command.ts";

const run = (
  args: readonly string[],
  world: Parameters<typeof runIn>[0] = {},
): Promise<CommandRun> => runIn(world, EXPLAIN_COMMAND, args);

interface Case {
  /** Name of the golden file. */
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  /** Reason of the refusal, or `undefined` where the pod is allowed. */
  readonly reason?: string;
}

/** An account that IAM knows, and the node may not act as. */
const UNBOUND = "unbound@demo-proj.iam.gserviceaccount.com";

const ENFORCE = "--restrictions-mode=enforce";
const NOBODY = "--metadata-addr=127.0.0.1:1";

const CASES: readonly Case[] = [
  { name: "allowed", args: ["shop/cart"], code: 0 },
  { name: "allowed-by-pattern", args: ["shop/cart", ENFORCE], code: 0 },
  {
    name: "allowed-by-address",
    args: ["fd00:0::2", `--default-service-account=${APP}`, ENFORCE],
    code: 0,
  },
  {
    name: "allowed-node-account",
    args: ["shop/plain", "--default-service-account=default", ENFORCE],
    code: 0,
  },
  {
    name: "allowed-report",
    args: ["shop/admin", "--restrictions-mode=report"],
    code: 0,
  },
  {
    name: "allowed-assumed",
    args: [
      "shop/plain",
      `--account=${APP}`,
      "--scopes=storage-ro",
      ENFORCE,
    ],
    code: 0,
  },
  {
    name: "unknown-caller",
    args: ["10.0.0.99"],
    code: 3,
    reason: "unknown-caller",
  },
  {
    name: "unknown-caller-ended",
    args: ["shop/done"],
    code: 3,
    reason: "unknown-caller",
  },
  {
    name: "unknown-caller-waiting",
    args: ["shop/waiting"],
    code: 3,
    reason: "unknown-caller",
  },
  {
    name: "unknown-caller-succeeded",
    args: ["shop/leaving"],
    code: 3,
    reason: "unknown-caller",
  },
  {
    name: "ambiguous-caller",
    args: ["10.0.0.9"],
    code: 3,
    reason: "ambiguous-caller",
  },
  {
    name: "ambiguous-caller-by-name",
    args: ["shop/twin-b"],
    code: 3,
    reason: "ambiguous-caller",
  },
  {
    name: "host-network",
    args: ["kube-system/proxy"],
    code: 3,
    reason: "host-network",
  },
  { name: "no-account", args: ["shop/plain"], code: 3, reason: "no-account" },
  {
    name: "no-account-misspelt",
    args: ["shop/misspelt"],
    code: 3,
    reason: "no-account",
  },
  {
    name: "allowed-misspelt",
    args: ["shop/misspelt", `--default-service-account=${ADMIN}`, "--no-iam"],
    code: 0,
  },
  {
    name: "no-account-misplaced",
    args: ["shop/web-7f9c-x2x4z", `--api-token=${PERSON_TOKEN}`],
    code: 3,
    reason: "no-account",
  },
  {
    name: "no-account-controller-unread",
    args: ["shop/web-7f9c-x2x4z"],
    code: 3,
    reason: "no-account",
  },
  {
    name: "allowed-misplaced",
    args: [
      "shop/web-7f9c-x2x4z",
      `--api-token=${PERSON_TOKEN}`,
      `--default-service-account=${ADMIN}`,
    ],
    code: 0,
  },
  {
    name: "allowed-elsewhere",
    args: ["shop/cart", "--node="],
    code: 0,
  },
  {
    name: "allowed-without-metadata-server",
    args: ["shop/cart", NOBODY],
    code: 0,
  },
  {
    name: "iam-denied",
    args: ["shop/plain", `--account=${UNBOUND}`],
    code: 3,
    reason: "iam-denied",
  },
  {
    name: "iam-unavailable",
    args: ["shop/cart", "--iam-endpoint=http://127.0.0.1:1"],
    code: 3,
    reason: "iam-unavailable",
  },
  {
    name: "account-malformed",
    args: ["shop/hostile", ENFORCE],
    code: 3,
    reason: "account-malformed",
  },
  {
    name: "scopes-malformed",
    args: ["shop/typo"],
    code: 3,
    reason: "scopes-malformed",
  },
  {
    name: "namespace-denied",
    args: ["strict/admin", ENFORCE],
    code: 3,
    reason: "namespace-denied",
  },
  {
    name: "namespace-denied-without-list",
    args: ["bare/app", ENFORCE],
    code: 3,
    reason: "namespace-denied",
  },
  {
    name: "namespace-list-malformed",
    args: ["broken/app", ENFORCE],
    code: 3,
    reason: "namespace-list-malformed",
  },
  {
    name: "node-credentials",
    args: ["shop/plain", "--default-service-account=default", NOBODY],
    code: 3,
    reason: "node-credentials",
  },
];

const COLOR = /\p{Cc}\[\d+m/gu;

interface World extends AsyncDisposable {
  readonly flags: readonly string[];
  readonly api: KubernetesApi;
  readonly iam: IamCredentials;
  readonly metadata: MetadataServer;
  /** Replaces what differs from run to run. */
  readonly hide: (text: string) => string;
}

async function startWorld(): Promise<World> {
  await using starting = new AsyncDisposableStack();
  const api = starting.use(await startExplainedCluster());
  const metadata = starting.use(
    await startMetadataServer({
      ...systemClock,
      signingKey: await sharedSigningKey(),
      account: { email: NODE_ACCOUNT },
    }),
  );
  const iam = starting.use(
    await startIamCredentials({
      ...systemClock,
      signingKey: await sharedSigningKey(),
      accountOf: (token) => metadata.accountOf(token),
      accounts: {
        [UNBOUND]: [],
        [APP]: [NODE_ACCOUNT],
        [ADMIN]: [NODE_ACCOUNT],
        [NODE_ACCOUNT]: [NODE_ACCOUNT],
      },
    }),
  );
  const stack = starting.move();
  return {
    api,
    iam,
    metadata,
    flags: [
      `--iam-endpoint=${iam.url}`,
      "--google-credentials=metadata",
      `--api-server=${api.url}`,
      `--api-token=${DAEMON_TOKEN}`,
      `--metadata-addr=${metadata.address}`,
      `--node=${NODE}`,
    ],
    hide: (text) => text.replaceAll(metadata.address, "metadata:80"),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** An API server whose namespaces have all gone between two requests. */
async function runWithoutNamespaces(
  args: readonly string[],
): Promise<CommandRun> {
  await using api = await startExplainedCluster();
  await using front = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, async (request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/api/v1/namespaces") {
      return Response.json({ metadata: { resourceVersion: "1" }, items: [] });
    }
    const { headers } = request;
    return await fetch(api.url + pathname + search, { headers });
  });
  return await run([
    `--api-server=http://127.0.0.1:${front.addr.port}`,
    `--api-token=${DAEMON_TOKEN}`,
    ...args,
  ]);
}

/** With it in the environment, the golden files are written anew; look at the difference. */
const UPDATE = Deno.env.has("UPDATE_GOLDEN");

async function assertGolden(name: string, text: string): Promise<void> {
  const url = new URL(`../testdata/explain/${name}.txt`, import.meta.url);
  if (UPDATE) await Deno.writeTextFile(url, text);
  assert.equal(text, await Deno.readTextFile(url));
}

Deno.test("explain tells every decision, for people and for programs", async (t) => {
  await using world = await startWorld();
  const reasons = new Set<string>();
  for (const { name, args, code, reason } of CASES) {
    await t.step(name, async () => {
      const all = [...world.flags, ...args];
      const plain = await run(all);
      const colored = await run(all, { color: true });
      const json = await run([...all, "-o", "json"]);
      for (const each of [plain, colored, json]) {
        assert.deepEqual([each.code, each.err], [code, ""]);
      }
      const { decision } = JSON.parse(json.out);
      assert.equal(decision.reason, reason);
      if (reason !== undefined) reasons.add(reason);
      await assertGolden(
        name,
        world.hide([
          `$ saassigner explain ${args.join(" ")}`,
          plain.out,
          "with colours:",
          colored.out.replaceAll("\x1b", "␛"),
          "as JSON:",
          json.out,
          `exit code ${code}\n`,
        ].join("\n")),
      );
      assert.doesNotMatch(plain.out + json.out, /[^\n\P{Cc}]|\p{Cf}/u);
      assert.equal(colored.out.replaceAll(COLOR, ""), plain.out);
    });
  }
  await t.step("not-synced", async () => {
    const { code, out } = await runWithoutNamespaces(["shop/cart", ENFORCE]);
    assert.equal(code, 3);
    assert.match(out, /^ {2}there is no such namespace any more$/m);
    assert.match(out, /^ {2}DENIED not-synced$/m);
    reasons.add("not-synced");
  });
  assert.deepEqual([...reasons].sort(), [...EXPLAINED_REASONS].sort());
});

Deno.test("explain asks with the daemon's own rights, which do not let it get a pod", async () => {
  await using world = await startWorld();
  const { api, flags } = world;
  const { code } = await run([...flags, "shop/cart", ENFORCE]);
  assert.equal(code, 0);
  assert.deepEqual(
    [...api.counts].sort(),
    [["list namespaces", 1], ["list pods", 2]],
  );
  const response = await fetch(`${api.url}/api/v1/namespaces/shop/pods/cart`, {
    headers: { Authorization: `Bearer ${DAEMON_TOKEN}` },
  });
  assert.equal(response.status, 403);
  await response.body?.cancel();
});

Deno.test("explain reads controllers only for a pod that lacks the annotation", async () => {
  await using world = await startWorld();
  const { api, flags } = world;
  const pod = "web-7f9c-x2x4z";
  const args = [...flags, `--api-token=${PERSON_TOKEN}`, `shop/${pod}`];
  await run([...args, `--account=${APP}`]);
  api.cluster.patch({ resource: "pods", namespace: "shop", name: pod }, {
    metadata: { annotations: { "accounts.google.com/service-account": APP } },
  });
  const { code, out } = await run(args);
  assert.equal(code, 0);
  assert.match(out, /^ {2}made by {9}ReplicaSet web-7f9c$/m);
  assert.equal(api.counts.get("get replicasets"), undefined);
});

Deno.test("explain fails with one line where there is nothing to explain", async (t) => {
  await using world = await startWorld();
  const { flags } = world;
  const cases = [
    {
      name: "no such pod",
      args: [...flags, "shop/nobody"],
      says: /^There is no pod shop\/nobody\n$/,
    },
    {
      name: "no such namespace",
      args: [...flags, "nowhere/cart"],
      says: /^There is no pod nowhere\/cart\n$/,
    },
    {
      name: "nobody listens",
      args: ["--api-server=http://127.0.0.1:1", "shop/cart"],
      says: /^Cannot ask the API server http:\/\/127\.0\.0\.1:1: .+\n$/,
    },
    {
      name: "the server refuses",
      args: [...flags, "--api-token=wrong", "shop/cart"],
      says:
        /^Cannot ask the API server \S+: GET \/api\/v1\/namespaces\/shop\/pods answered 401: .+\n$/,
    },
  ];
  for (const { name, args, says } of cases) {
    await t.step(name, async () => {
      const { code, out, err } = await run(args);
      assert.deepEqual([code, out], [1, ""]);
      assert.match(err, says);
    });
  }
});

Deno.test("explain refuses wrong usage before it asks anybody", async (t) => {
  const server = "--api-server=http://127.0.0.1:1";
  const cases = [
    { args: [server], says: /^explain takes exactly one NAMESPACE\/POD/ },
    { args: [server, "a/b", "c/d"], says: /^explain takes exactly one/ },
    { args: [server, "cart"], says: /^"cart" names no pod; expected / },
    { args: [server, "a/b/c"], says: /^"a\/b\/c" names no pod/ },
    { args: [server, "shop/../x"], says: /names no pod/ },
    { args: [server, "shop/a,b"], says: /names no pod/ },
    { args: [server, "10.0.0.256"], says: /names no pod/ },
    {
      args: [server, "a/b", "-o", "yaml"],
      says: /^--output "yaml" is unknown/,
    },
    { args: [server, "a/b", "--account"], says: /^--account needs a value/ },
    {
      args: [server, "a/b", "--node-account=x"],
      says: /^--node-account "x" is not accepted/,
    },
    { args: [server, "a/b", "--scope=x"], says: /^--scope: is no known flag/ },
    { args: ["a/b"], says: /^No API server: give --api-server URL/ },
    {
      args: ["a/b", "--kubeconfig=/no/such"],
      says: /^\/no\/such: kubernetes: cannot be used/,
    },
  ];
  for (const { args, says } of cases) {
    await t.step(args.join(" "), async () => {
      const { code, out, err } = await run(args);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, says);
    });
  }
});

Deno.test("explain takes the daemon's own configuration on any machine", async () => {
  await using world = await startWorld();
  const { code, out } = await run(
    ["--config=c.yaml", ...world.flags, "shop/plain"],
    {
      files: {
        "c.yaml":
          "interception: {backend: nftables}\ndefaults:\n  serviceAccount: app@demo-proj.iam.gserviceaccount.com\n",
      },
    },
  );
  assert.equal(code, 0);
  assert.match(out, /from defaults\.serviceAccount \(c\.yaml:3\)$/m);
});

Deno.test("explain looks for an address on the configured node first, then anywhere", async () => {
  await using world = await startWorld();
  const { api, flags } = world;
  for (const nodeName of ["node-2", "node-3"]) {
    api.cluster.create(podObject({
      name: `elsewhere-${nodeName}`,
      namespace: "shop",
      nodeName,
      podIP: nodeName === "node-2" ? "10.0.0.1" : "10.9.0.1",
    }));
  }
  const own = await run([...flags, "10.0.0.1", "-o", "json"]);
  assert.equal(JSON.parse(own.out).pod.name, "cart");
  const other = await run([...flags, "10.9.0.1", "-o", "json"]);
  assert.equal(JSON.parse(other.out).pod.node, "node-3");
  const any = await run([...flags, "--node=", "10.0.0.1", "-o", "json"]);
  const { decision, notes } = JSON.parse(any.out);
  assert.equal(decision.reason, "ambiguous-caller");
  assert.match(notes[0], /several nodes.*--node$/);
});

Deno.test("explain takes the node's account as it is told, and says whose the metadata server's is", async () => {
  await using world = await startWorld();
  const args = [
    ...world.flags,
    "shop/plain",
    "--default-service-account=default",
    "-o",
    "json",
  ];
  const typed = await run([...args, `--node-account=${APP}`]);
  assert.equal(JSON.parse(typed.out).decision.account, APP);
  assert.deepEqual(JSON.parse(typed.out).notes, []);
  const { decision, notes } = JSON.parse(
    (await run([...args, "--node=node-2"])).out,
  );
  assert.equal(decision.account, NODE_ACCOUNT);
  assert.match(notes[0], /if the pod's node has another, give it with --node/);
});

Deno.test("explain --account and --scopes stand for the pod's annotations", async () => {
  await using world = await startWorld();
  const ask = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await run([...world.flags, ...args, "-o", "json"])).out)
      .decision;
  assert.deepEqual(await ask("shop/cart", "--account=default"), {
    outcome: "deny",
    reason: "account-malformed",
    message:
      "The pod's service account annotation must be the e-mail of a Google service account",
  });
  assert.deepEqual(
    await ask("shop/typo", "--scopes", "storage-ro"),
    {
      outcome: "allow",
      account: APP,
      scopes: ["https://www.googleapis.com/auth/devstorage.read_only"],
    },
  );
});

Deno.test("explain asks IAM once, and not where the policy refuses or --no-iam is given", async () => {
  await using world = await startWorld();
  const { flags, iam } = world;
  await run([...flags, "shop/plain"]);
  await run([...flags, "shop/cart", "--no-iam"]);
  await run([...flags, "shop/cart", "--node="]);
  assert.deepEqual(iam.calls.entries, []);
  const { out } = await run([...flags, "shop/cart"]);
  assert.equal(iam.calls.entries.length, 1);
  assert.doesNotMatch(out, /ya29/);
});

Deno.test("explain says that IAM does not take the scopes, and that no token comes of it", async () => {
  await using world = await startWorld();
  world.iam.faults.add({ kind: "status", status: 400 });
  const { code, out } = await run([...world.flags, "shop/cart"]);
  assert.equal(code, 3);
  assert.match(
    out,
    /\n {2}ALLOWED .*\n {2}but IAM gives no token: IAM does not accept the scopes/,
  );
});

Deno.test("explain names whom the last delegate or the node's account has to be given, and whose node asked", async () => {
  await using world = await startWorld();
  const { flags } = world;
  const args = [...flags, "shop/plain", `--account=${UNBOUND}`];
  const delegated = await run([...args, `--google-delegates=${ADMIN}`]);
  assert.match(
    delegated.out,
    new RegExp(
      `add-iam-policy-binding ${UNBOUND} --member=serviceAccount:${ADMIN} `,
    ),
  );
  const elsewhere = await run([...args, "--node=node-2"]);
  assert.match(
    elsewhere.out,
    /\n {2}note: IAM was asked as on the node node-2, which is not the pod's\n/,
  );
});

Deno.test("explain waits four seconds for IAM", async () => {
  await using world = await startWorld();
  const { metadata } = world;
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { config } = await loadConfig({
    args: [
      `--metadata-addr=${metadata.address}`,
      `--iam-endpoint=http://127.0.0.1:${silent.addr.port}`,
      "--google-credentials=metadata",
      "--node=node-1",
    ],
    env: () => undefined,
    readTextFile: () => Promise.reject(new Deno.errors.NotFound()),
  });
  const time = new ManualTime();
  const asked = askIam(
    {
      outcome: "allow",
      account: APP,
      scopes: ["openid"],
      wouldDeny: undefined,
    },
    config,
    clockOf(time),
  );
  using _connection = await silent.accept();
  time.advance(4_000);
  assert.deepEqual(await asked, {
    outcome: "refused",
    caller: NODE_ACCOUNT,
    reason: "iam-unavailable",
    message: "No answer within 4 seconds",
  });
});
