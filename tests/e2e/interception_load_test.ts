import assert from "node:assert/strict";
import {
  createNode,
  GuardedNode,
  HOST_IP,
  type Kind,
  KINDS,
  LISTENER,
  PODS,
  REDIRECT,
  SETTINGS,
  WANTED,
  watchedInterception,
} from "./guarded_node.ts";
import type { Network } from "./network.ts";

/** Asks in both pods while something is done, and tells what each was answered, and how often. */
async function underLoad(
  network: Network,
  work: () => Promise<void>,
): Promise<readonly Readonly<Record<string, number>>[]> {
  const loads = PODS.map(({ space }) => network.load(space));
  await work();
  return await Promise.all(
    loads.map(async (load) => JSON.parse(await load.ask())),
  );
}

/**
 * Each pod was answered as itself or not at all, and as itself at least so often.
 */
function assertRight(
  answers: readonly Readonly<Record<string, number>>[],
  least: number,
): void {
  for (const [index, { ip }] of PODS.entries()) {
    const { [`DAEMON ${ip}`]: right = 0, ...others } = answers[index] ?? {};
    assert.ok(right >= least, `${right} right answers`);
    for (const answer of Object.keys(others)) {
      assert.match(
        answer,
        /^(refused|reset|closed|late|no route)$/,
      );
    }
  }
}

for (const kind of KINDS) {
  Deno.test(`with ${kind}, a hundred reinstallations under load leak nothing`, async () => {
    await using node = await GuardedNode.create(kind);
    const { network, interception } = node;
    await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
    await interception.apply(WANTED);
    const answers = await underLoad(network, async () => {
      for (let round = 1; round <= 100; round++) {
        const written = await interception.apply({
          guard: "all",
          redirect: { ...REDIRECT, connectionsPerPod: 256 + round },
        });
        assert.notEqual(written.length, 0);
      }
    });
    assertRight(answers, 100);
    for (const counted of answers) {
      assert.equal(Object.keys(counted).length, 1, JSON.stringify(counted));
    }
  });

  Deno.test(`with ${kind}, other programs that remove rules under load cause no leak`, async (t) => {
    await using network = await createNode(kind);
    await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
    const interception = watchedInterception(network, kind);
    await interception.guard(SETTINGS);
    await interception.redirect(SETTINGS, LISTENER);
    const ending = new AbortController();
    const running = interception.run(() => 1_000, ending.signal);
    for (const { name, script } of VANDALS) {
      await t.step(name, async () => {
        const before = interception.state.drifts;
        const answers = await underLoad(network, async () => {
          for (let round = 0; round < 5; round++) {
            await network.exec(
              "node",
              "sh",
              "-c",
              script.replaceAll("iptables", toolOf(kind)),
            );
            await new Promise((resolve) => setTimeout(resolve, 300));
          }
          await restored(network);
          // A packet that was refused without a word is sent again after a second.
          await new Promise((resolve) => setTimeout(resolve, 1_500));
        });
        assertRight(answers, 50);
        if (kind !== "nftables" || script.includes("nft")) {
          assert.ok(interception.state.drifts > before, "none was noticed");
        }
      });
    }
    ending.abort();
    await running;
  });
}

/** What other programs do on a node, in the words of a shell. */
const VANDALS = [
  { name: "nat emptied", script: "iptables -w 5 -t nat -F" },
  {
    name: "everything of iptables emptied and removed",
    script:
      "for t in raw nat filter; do iptables -w 5 -t $t -F; iptables -w 5 -t $t -X; done",
  },
  {
    name: "tables restored without ours",
    script:
      "for t in raw nat filter; do printf '*%s\\nCOMMIT\\n' $t; done | iptables-restore -w 5",
  },
  {
    name: "our jumps removed one by one",
    script:
      "iptables -w 5 -t nat -D PREROUTING -m comment --comment saassigner-jump -j SAASSIGNER-METADATA; iptables -w 5 -D FORWARD -m comment --comment saassigner-jump -j SAASSIGNER-GUARD; true",
  },
  {
    name: "an accepting rule before our guard",
    script: "iptables -w 5 -I FORWARD -j ACCEPT",
  },
  {
    name: "all of nftables emptied at once",
    script: "nft flush ruleset",
  },
] as const;

/** The iptables that other programs use. */
function toolOf(kind: Kind): string {
  return kind === "nftables" ? "iptables-nft" : kind;
}

/** Waits until both pods are answered by the daemon. */
async function restored(network: Network): Promise<void> {
  for (const { space, ip } of PODS) {
    for (let attempt = 0; attempt < 50; attempt++) {
      const [answer] = await network.ask(space, "169.254.169.254");
      if (answer === `DAEMON ${ip}`) break;
    }
  }
}

Deno.test("with iptables-legacy, a held lock is waited for, but not for ever", async () => {
  await using node = await GuardedNode.create("iptables-legacy");
  const { network, interception } = node;
  await interception.apply(WANTED);
  await using _holder = await network.holdLock();
  await node.check();
  assert.deepEqual(interception.state, {
    ok: false,
    detail: ["iptables", "ip6tables"].map((tool) =>
      `${tool}-legacy cannot read table filter: another program held the xtables lock for too long`
    ).join("; "),
    drifts: 0,
    repairs: 0,
    isSuperseded: false,
  });
  await _holder[Symbol.asyncDispose]();
  await node.check();
  assert.ok(interception.state.ok);
});
