import assert from "node:assert/strict";
import type { FollowCommand } from "../../src/interception/follow_command.ts";
import { InterceptionError } from "../../src/interception/interception_error.ts";
import {
  RuleEventReader,
  watchRules,
} from "../../src/interception/rule_watch.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

/** Printed by `nft monitor` of nftables 1.0.6, one transaction an entry. */
const TRANSACTIONS: readonly {
  readonly name: string;
  readonly lines: readonly string[];
  readonly changedBy: string | undefined;
}[] = [
  {
    name: "a rule put before ours by iptables-nft",
    lines: [
      "add chain ip nat PREROUTING { type nat hook prerouting priority dstnat; policy accept; }",
      "insert rule ip nat PREROUTING meta l4proto tcp ip daddr 1.2.3.4 counter packets 0 bytes 0 accept",
      "# new generation 21 by process 14497 (iptables-nft)",
    ],
    changedBy: "iptables-nft (process 14497)",
  },
  {
    name: "services of kube-proxy",
    lines: [
      "delete rule ip nat KUBE-SVC-1 handle 10001",
      'add rule ip nat KUBE-SVC-1 meta l4proto tcp ip daddr 10.0.0.1  tcp dport 80 counter packets 0 bytes 0 # xt_comment: "x"',
      "# new generation 22 by process 14498 (iptables-restor)",
    ],
    changedBy: undefined,
  },
  {
    name: "our table removed",
    lines: [
      "delete chain inet saassigner guard",
      "delete table inet saassigner",
      "# new generation 23 by process 1 (nft)",
    ],
    changedBy: "nft (process 1)",
  },
  {
    name: "our table switched off",
    lines: [
      "add table inet saassigner { flags dormant; }",
      "# new generation 24 by process 2 (evil (x))",
    ],
    changedBy: "evil (x) (process 2)",
  },
  {
    name: "our chain emptied",
    lines: [
      "delete rule ip filter SAASSIGNER-GUARD handle 4",
      "# new generation 25 by process 3 (iptables)",
    ],
    changedBy: "iptables (process 3)",
  },
  {
    name: "another table",
    lines: [
      "add rule inet other input accept",
      "# new generation 26 by process 4 (nft)",
    ],
    changedBy: undefined,
  },
  {
    name: "events that were lost",
    lines: [
      "# ERROR: We lost some netlink events!",
      "# new generation 27 by process 5 (nft)",
    ],
    changedBy: "nft (process 5)",
  },
];

Deno.test("RuleEventReader tells which transactions can concern our rules", async (t) => {
  const reader = new RuleEventReader();
  for (const { name, lines, changedBy } of TRANSACTIONS) {
    await t.step(name, () => {
      const [last = "", ...others] = lines.toReversed();
      for (const line of others.toReversed()) {
        assert.equal(reader.read(line), undefined);
      }
      assert.equal(reader.read(last), changedBy);
    });
  }
});

Deno.test("watchRules() tells of changes, and tries again when nft cannot be had", async () => {
  const time = new ManualTime();
  const changes: string[] = [];
  const logged: string[] = [];
  const ending = new AbortController();
  let calls = 0;
  const followCommand: FollowCommand = (command, args, { onLine, signal }) => {
    assert.deepEqual([command, ...args], ["nft", "monitor"]);
    if (++calls < 3) {
      return Promise.reject(new InterceptionError("nft is not installed"));
    }
    for (const line of TRANSACTIONS[0]?.lines ?? []) onLine(line);
    return new Promise((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true })
    );
  };
  const watching = watchRules({
    followCommand,
    clock: clockOf(time),
    log: (level, _message, fields) =>
      logged.push(`${level} ${fields?.["error"]}`),
    onChange: (changedBy) => changes.push(changedBy),
    signal: ending.signal,
  });
  for (let attempt = 0; attempt < 2; attempt++) {
    await time.asleep(1);
    time.advance(60_000);
  }
  while (calls < 3) await Promise.resolve();
  assert.deepEqual(changes, ["iptables-nft (process 14497)"]);
  assert.deepEqual(logged, ["warn nft is not installed"]);
  ending.abort();
  await watching;
});
