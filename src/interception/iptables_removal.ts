/** Every chain of ours begins so, in every version. */
const OWN_CHAIN = /^:(SAASSIGNER-[A-Z]+) /;
const OWN_JUMP = / -j SAASSIGNER-[A-Z]+$/;

/**
 * Plans how all rules of ours leave one kind of iptables and one address family.
 *
 * @param saved What `iptables-save` prints of all tables.
 * @returns Our chains and the rules that are in them or jump to them, each with its
 * table, and the document for `iptables-restore --noflush` that removes them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const saved = "*raw\n:SAASSIGNER-TRACK - [0:0]\n-A PREROUTING -j SAASSIGNER-TRACK\nCOMMIT\n";
 * assert.equal(
 *   planRemoval(saved).document,
 *   "*raw\n:SAASSIGNER-TRACK - [0:0]\n-D PREROUTING -j SAASSIGNER-TRACK\n-X SAASSIGNER-TRACK\nCOMMIT\n",
 * );
 * ```
 */
export function planRemoval(saved: string): {
  readonly rules: readonly string[];
  readonly document: string;
} {
  const rules: string[] = [];
  const document: string[] = [];
  for (const { table, lines } of splitTables(saved)) {
    const chains = lines.flatMap((line) => OWN_CHAIN.exec(line)?.[1] ?? []);
    const jumps = lines.filter((line) =>
      line.startsWith("-A ") && OWN_JUMP.test(line)
    );
    const own = lines.filter((line) => /^-A SAASSIGNER-[A-Z]+ /.test(line));
    if (chains.length === 0) continue;
    rules.push(
      ...chains.map((chain) => `-t ${table} -N ${chain}`),
      ...[...jumps, ...own].map((line) => `-t ${table} ${line}`),
    );
    document.push(
      `*${table}`,
      // Names a chain that is there to empty it.
      ...chains.map((chain) => `:${chain} - [0:0]`),
      ...jumps.map((line) => line.replace("-A ", "-D ")),
      ...chains.map((chain) => `-X ${chain}`),
      "COMMIT",
    );
  }
  return { rules, document: document.map((line) => `${line}\n`).join("") };
}

function splitTables(
  saved: string,
): readonly { readonly table: string; readonly lines: readonly string[] }[] {
  return saved.split(/^\*/m).slice(1).map((part) => {
    const [table = "", ...lines] = part.split("\n");
    return { table: table.trim(), lines: lines.map((line) => line.trim()) };
  });
}
