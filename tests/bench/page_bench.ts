import { describeStore } from "../../src/admin/debug_store.ts";
import { parseAllowList } from "../../src/core/allow_list.ts";
import type { Caller } from "../../src/core/caller.ts";
import { decide } from "../../src/core/policy.ts";
import { podOf } from "../kubernetes/finder_setup.ts";

/** The page looks at the daemon every two seconds; 1 % of a core is 20 ms of that. */
const MOST_MS = 20;

const allowList = parseAllowList('["*@demo-proj.iam.gserviceaccount.com"]');
const callers: readonly Caller[] = Array.from({ length: 256 }, (_, index) => ({
  pod: podOf(`pod-${index}`, {
    addresses: [`10.4.0.${index}`],
    accountAnnotation: `app-${index}@demo-proj.iam.gserviceaccount.com`,
  }),
  namespace: allowList,
}));
const policy = {
  defaultAccount: { kind: "none" },
  defaultScopes: ["openid"],
  restrictions: "enforce",
} as const;

Deno.bench("one look of the page at 256 pods", { group: "page" }, () => {
  const startedMs = performance.now();
  JSON.stringify(
    describeStore(
      callers,
      ({ pod, namespace }) => decide(policy, pod, namespace),
    ),
  );
  const tookMs = performance.now() - startedMs;
  if (tookMs > MOST_MS * 5) throw new Error(`${tookMs} ms, at most ${MOST_MS}`);
});
