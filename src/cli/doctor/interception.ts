import { InterceptionError } from "../../interception/interception_error.ts";
import type { RulesReport } from "../../interception/node_interception.ts";
import { describeError } from "../../telemetry/log.ts";
import { failed, type Finding, notChecked, ok, warning } from "./finding.ts";
import type { RulesFacts } from "./interception_facts.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const RULES = "interception";
const TOOL = "interception tool";
const TARGET = "interception target";

/** Puts the rules in place as the daemon would. */
const INSTALL =
  "See the daemon's log: it restores them within interception.checkInterval; without one, saassigner interception install";

/**
 * Judges whether pods' requests are brought to the daemon and kept from the real
 * metadata server.
 *
 * @param rules Our rules on this node.
 * @returns One finding a group of rules, then where they are and where they lead.
 */
export function judgeInterception(
  rules: Outcome<RulesFacts>,
): readonly Finding[] {
  if (rules.kind === "skipped") {
    return [RULES, TOOL, TARGET].map((name) => notChecked(name, rules.reason));
  }
  if (rules.kind === "failed") {
    const reason = describeMiss(rules);
    const fix = rules.error instanceof InterceptionError
      ? "Correct what stands under interception in the configuration, or what the node lacks for it"
      : INSTALL;
    return [
      failed(RULES, reason, fix),
      notChecked(TOOL, "the rules cannot be read"),
      notChecked(TARGET, "the rules cannot be read"),
    ];
  }
  const { report, warnings, target, isServed } = rules.value;
  const place = `${target.host} port ${target.port}`;
  return [
    ...report.groups.map(({ name, drift, leftOut }) => {
      const about = `${RULES}: ${name}`;
      return drift.length > 0
        ? failed(about, drift.join("; "), INSTALL)
        : ok(about, leftOut === undefined ? "in place" : `none: ${leftOut}`);
    }),
    ...warnings.map((each) =>
      warning(RULES, each, "Name the interfaces as they are on the node")
    ),
    ...judgePlaces(report),
    isServed ? ok(TARGET, `something listens on ${place}`) : failed(
      TARGET,
      `nothing listens on ${place}: pods' requests are refused`,
      "See why the daemon of this node does not run, and whether server.port is its port",
    ),
  ];
}

/** Rules of one tool do not see those of another, so that two sets work against each other. */
function judgePlaces(
  { wanted, groups, search }: RulesReport,
): readonly Finding[] {
  const places = wanted.places.join(", ");
  const left = search.found.map(({ place }) => place)
    .filter((place) => !wanted.places.includes(place));
  const unread = search.failures.map((error) =>
    notChecked(`${TOOL} of before`, describeError(error))
  );
  if (left.length > 0) {
    const isMissing = groups.some(({ drift }) => drift.length > 0);
    const tell = isMissing ? failed : warning;
    return [
      tell(
        TOOL,
        `rules of ours are in ${
          left.join(", ")
        }, where this node uses ${places}: ${wanted.reason}`,
        "Restart the daemon of this node: once it has the requests, it removes what an earlier configuration has left",
      ),
      ...unread,
    ];
  }
  const detail = `${places}: ${wanted.reason}`;
  return [
    wanted.isCertain ? ok(TOOL, detail) : warning(
      TOOL,
      `${detail}; whether the node uses it cannot be told`,
      "Set interception.backend to nftables, whose rules come first whatever iptables the node uses",
    ),
    ...unread,
  ];
}
