import { dirname, isAbsolute, join } from "node:path";
import type { Config } from "../config/config.ts";
import { parseFlags } from "../config/parse_flags.ts";
import { describeReadError } from "../config/read_error.ts";
import { deriveSettings, policyOf } from "../config/settings.ts";
import { type Command, groupCommand, UsageError } from "./command.ts";
import type { Io } from "./io.ts";
import { loadForCluster } from "./load_for_cluster.ts";
import {
  joinAllowLists,
  type NamespaceFile,
  requireNamespaces,
} from "./policy/allow_lists.ts";
import type { DecisionTable } from "./policy/decision_table.ts";
import { readManifestNamespaces } from "./policy/manifest_namespaces.ts";
import { readTable } from "./policy/read_table.ts";
import { TableError } from "./policy/table_error.ts";
import { type TableResult, tableText } from "./policy/table_text.ts";
import { testRows } from "./policy/test_table.ts";
import { readSources, type SourceText } from "./read_sources.ts";
import { createStyle, showControls } from "./style.ts";

const USAGE = `Usage:
  saassigner policy test FILE... [flags]
      Hold allow-lists against a table of what they should decide, as the daemon with
      restrictions.mode enforce would; - is standard input. Shows each row that fails,
      what was decided, and by which pattern

  Flags of the daemon tell what it is configured to: --config FILE, the annotations'
  keys, --default-service-account, --default-scopes.

A table is YAML:

  # Files with Namespace objects, relative to this one; other objects are passed over.
  manifests:
    - ../namespaces.yaml
  # More namespaces: a list of patterns, the annotation as it is, or null for none.
  namespaces:
    shop: ["shop-*@my-project.iam.gserviceaccount.com"]
    kube-system: null
  cases:
    - name: the shop's own accounts          # optional, for people
      namespace: shop
      account: shop-cart@my-project.iam.gserviceaccount.com
      scopes: cloud-platform                 # optional: a text, or a list
      expect: allow
    - name: nobody else's
      namespace: shop
      annotations:                           # instead of account and scopes
        accounts.google.com/service-account: admin@my-project.iam.gserviceaccount.com
      expect: namespace-denied

  A row without an account is a pod without the annotation, which gets the default
  account. expect is allow, namespace-denied, namespace-list-malformed,
  account-malformed, scopes-malformed or no-account.

Examples:
  saassigner policy test policy/*.yaml
  saassigner policy test --default-service-account app@my-project.iam.gserviceaccount.com table.yaml

Exit codes: 0 all rows pass; 3 a row fails; 1 a file cannot be read; 2 wrong usage or
configuration, or a malformed table
`;

/** Commands about what pods may have. */
export const POLICY_COMMAND: Command = groupCommand({
  name: "policy",
  usage: USAGE,
  subcommands: { test },
  takes: "files",
});

async function test(args: readonly string[], io: Io): Promise<number> {
  const { positionals, flagArgs } = parseFlags(args);
  const config = await loadForCluster(flagArgs, io);
  if (positionals.length === 0) {
    throw new UsageError("policy test takes at least one FILE");
  }
  const { sources, isComplete } = await readSources(positionals, io);
  const tables: TableResult[] = [];
  let code = isComplete ? 0 : 1;
  for (const source of sources) {
    try {
      tables.push(await testTable(source, { config, io }));
    } catch (error) {
      const isMalformed = error instanceof TableError;
      if (!isMalformed && !(error instanceof UnreadableManifest)) throw error;
      for (const line of error.message.split("\n")) {
        io.err(`${showControls(line)}\n`);
      }
      code ||= isMalformed ? 2 : 1;
    }
  }
  io.out(tableText(tables, createStyle(io)));
  const isFailed = tables.some(({ rows }) =>
    rows.some(({ isExpected }) => !isExpected)
  );
  return code === 0 && isFailed ? 3 : code;
}

async function testTable(
  source: SourceText,
  { config, io }: { readonly config: Config; readonly io: Io },
): Promise<TableResult> {
  const { file } = source;
  const keys = config.annotations;
  const table = readTable(source, keys);
  const allowLists = joinAllowLists([
    { file, namespaces: table.namespaces },
    ...await readManifests(file, { table, keys, io }),
  ]);
  requireNamespaces(file, table.rows, allowLists);
  const nodeAccount = undefined;
  const policy = policyOf(deriveSettings(config), nodeAccount);
  return { file, rows: testRows(table.rows, { policy, allowLists }) };
}

async function readManifests(
  tableFile: string,
  { table, keys, io }: {
    readonly table: DecisionTable;
    readonly keys: Config["annotations"];
    readonly io: Io;
  },
): Promise<readonly NamespaceFile[]> {
  const files: NamespaceFile[] = [];
  for (const { path, place } of table.manifests) {
    const file = isAbsolute(path) ? path : join(dirname(tableFile), path);
    let text: string;
    try {
      text = await io.readTextFile(file);
    } catch (cause) {
      const at = `${tableFile}:${place.line}:${place.column}`;
      throw new UnreadableManifest(
        `${at}: ${file} cannot be read: ${describeReadError(cause)}`,
        { cause },
      );
    }
    const namespaces = readManifestNamespaces({ file, text }, keys);
    files.push({ file, namespaces });
  }
  return files;
}

/** Thrown when a file cannot be read that a table names. */
class UnreadableManifest extends Error {
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = "UnreadableManifest";
  }
}
