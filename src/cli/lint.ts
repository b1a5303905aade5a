import { parseFlags } from "../config/parse_flags.ts";
import type { Command, CommandOption } from "./command.ts";
import type { Io } from "./io.ts";
import { lintJson } from "./lint/lint_json.ts";
import { lintManifests } from "./lint/lint_manifests.ts";
import { countFindings, lintText } from "./lint/lint_text.ts";
import { lintSettingsOf } from "./lint/settings.ts";
import { loadForCluster } from "./load_for_cluster.ts";
import { readSources } from "./read_sources.ts";
import { OUTPUT_OPTION, outputOf } from "./output_option.ts";
import { createStyle } from "./style.ts";
import { takeOptions } from "./take_options.ts";

const USAGE = `Usage:
  saassigner lint [--strict] [-o text|json] [--namespace NAME] [FILE...] [flags]
      Check manifests by the daemon's own rules before they are applied: YAML of any
      number of documents, JSON, and lists of objects. Without a FILE, or for -,
      standard input is read. All files are looked at together: pods are held against
      the allow-list of their namespace if its object is in any of them

  --strict          warnings count, too
  -o, --output      text, or json for programs
  --namespace NAME  namespace of the objects that name none, as kubectl -n has it

  Flags of the daemon tell what it is configured to: --config FILE, the annotations'
  keys, --default-service-account, --default-scopes, --restrictions-mode.

Examples:
  saassigner lint --config config.yaml deploy/*.yaml
  kustomize build overlays/production | saassigner lint --restrictions-mode enforce
  helm template . | saassigner lint -o json --namespace shop | jq .findings
  kubectl get namespaces,pods,deployments -A -o yaml | saassigner lint --strict

Exit codes: 0 nothing wrong, or warnings only; 3 errors, or with --strict warnings;
1 a file cannot be read; 2 wrong usage or configuration
`;

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  strict: { description: "Warnings count, too" },
  output: OUTPUT_OPTION,
  namespace: {
    value: "the name of a namespace",
    description: "Namespace of the objects that name none",
  },
};

/** Checks manifests. */
export const LINT_COMMAND: Command = {
  name: "lint",
  usage: USAGE,
  options: OPTIONS,
  takes: "files",
  run: lint,
};

async function lint(args: readonly string[], io: Io): Promise<number> {
  const { values, rest } = takeOptions(args, OPTIONS);
  const output = outputOf(values);
  const { positionals, flagArgs } = parseFlags(rest);
  const config = await loadForCluster(flagArgs, io);
  const files = positionals.length === 0 ? ["-"] : positionals;
  const { sources, isComplete } = await readSources(files, io);
  const report = lintManifests(
    sources,
    lintSettingsOf(config, values.get("namespace")),
  );
  io.out(
    output === "json" ? lintJson(report) : lintText(report, createStyle(io)),
  );
  if (!isComplete) return 1;
  const { errors, warnings } = countFindings(report.findings);
  return errors > 0 || (values.has("strict") && warnings > 0) ? 3 : 0;
}
