import type { Config } from "../../config/config.ts";
import type { ForeignRule } from "../../interception/foreign_rule.ts";
import type { ForeignRulesSearch } from "../../interception/foreign_rules.ts";
import { isForbidden } from "../../interception/tool_failure.ts";
import { describeError } from "../../telemetry/log.ts";
import { failed, type Finding, notChecked, ok, warning } from "./finding.ts";
import { limitFindings } from "./limit_findings.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const TRACKING = "connection tracking";
const REDIRECTS = "redirects of others";

/** Comment of the rules that GKE's nodes can have. */
const CONCEALMENT = "metadata-concealment";

/**
 * Judges rules of other programs that keep pods' requests from the daemon.
 *
 * @param search What was found on this node.
 * @param backend Tool that sets our rules.
 */
export function judgeForeignRules(
  search: Outcome<ForeignRulesSearch>,
  backend: Config["interception"]["backend"],
): readonly Finding[] {
  if (search.kind !== "got") {
    const reason = describeMiss(search);
    return [notChecked(TRACKING, reason), notChecked(REDIRECTS, reason)];
  }
  const { found, failures } = search.value;
  const [failure] = failures;
  const unread = failure === undefined ? undefined : describeFailure(failure);
  return ([
    ["untracks", TRACKING, "no rule keeps pods' requests from it"],
    ["redirects", REDIRECTS, "none"],
  ] as const).flatMap(([effect, name, none]) => {
    const rules = found.filter((rule) => rule.effect === effect);
    const judged = limitFindings(
      rules.map((rule) => judgeRule(name, rule, backend)),
      "rules",
    );
    if (unread !== undefined) return [...judged, notChecked(name, unread)];
    return judged.length > 0 ? judged : [ok(name, none)];
  });
}

function describeFailure(error: unknown): string {
  return isForbidden(error) && error instanceof Error
    ? error.message
    : describeError(error);
}

function judgeRule(
  name: string,
  rule: ForeignRule,
  backend: Config["interception"]["backend"],
): Finding {
  const owner = rule.text.includes(CONCEALMENT)
    ? "GKE's metadata concealment, "
    : "";
  const shown = `${owner}${rule.place}, ${rule.chain}: ${rule.text}`;
  if (rule.order === "after-ours") {
    return ok(name, `passed by, ours comes first: ${shown}`);
  }
  if (rule.effect === "untracks") {
    return failed(
      name,
      `pods' requests are refused, for no redirect sees them: ${shown}`,
      backend === "nftables" && rule.place !== "nft"
        ? `${
          removal(rule)
        }; where it is put back, interception.backend: iptables, whose rules pass by it`
        : removal(rule),
    );
  }
  return rule.order === "before-ours"
    ? failed(name, `pods' requests are led elsewhere: ${shown}`, removal(rule))
    : warning(
      name,
      `whether it comes before ours cannot be told: ${shown}`,
      `${
        removal(rule)
      }; or interception.backend: nftables, whose rules come before those of iptables`,
    );
}

function removal({ place, chain, text }: ForeignRule): string {
  const [table] = chain.split(" ");
  return place === "nft"
    ? `Remove the rule from ${chain}: nft -a list chain ${chain} shows its handle`
    : `${place} -t ${table} -D ${text}`;
}
