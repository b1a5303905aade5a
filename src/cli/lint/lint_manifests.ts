import type { SourceText } from "../read_sources.ts";
import { checkAllowList } from "./allow_list_rule.ts";
import { checkDecisions } from "./decision_rule.ts";
import { type Finding, inDocumentOrder } from "./finding.ts";
import { checkHostNetwork } from "./host_network_rule.ts";
import { checkKeys } from "./key_rule.ts";
import { checkPlacement } from "./placement_rule.ts";
import { readParts } from "./read_parts.ts";
import type { LintSettings } from "./settings.ts";
import { checkValues } from "./value_rule.ts";

/** What there is to say of manifests. */
export interface LintReport {
  /** In the order of the files, then by place. */
  readonly findings: readonly Finding[];
  /** Number of objects that were read. */
  readonly objects: number;
  /** Number of files that were read. */
  readonly files: number;
}

const RULES = [
  checkKeys,
  checkPlacement,
  checkValues,
  checkHostNetwork,
  checkAllowList,
];

/**
 * Checks manifests by the rules of the daemon. Never throws, whatever the texts are.
 *
 * @param sources What the files hold; a namespace in one counts for the pods in all.
 * @param settings What is checked by.
 */
export function lintManifests(
  sources: readonly SourceText[],
  settings: LintSettings,
): LintReport {
  const read = sources.map((source) => readParts(source, settings.namespace));
  const parts = read.flatMap((each) => each.parts);
  const findings = [
    ...read.flatMap((each) => each.findings),
    ...parts.flatMap((part) => RULES.flatMap((rule) => rule(part, settings))),
    ...checkDecisions(parts, settings),
  ];
  return {
    findings: inDocumentOrder(findings, sources.map(({ file }) => file)),
    objects: read.reduce((sum, { objects }) => sum + objects, 0),
    files: sources.length,
  };
}
