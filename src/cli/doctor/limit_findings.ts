import type { Finding, Status } from "./finding.ts";

const LIMIT = 20;

const SEVERITY: readonly Status[] = ["failed", "warning", "not-checked", "ok"];

/**
 * Keeps a list readable: past the twentieth finding, all others become one.
 *
 * @param findings Findings of one kind.
 * @param what What they are about, in the plural.
 */
export function limitFindings(
  findings: readonly Finding[],
  what: string,
): readonly Finding[] {
  const rest = findings.slice(LIMIT);
  const status = SEVERITY.find((each) =>
    rest.some((finding) => finding.status === each)
  );
  const worst = rest.find((finding) => finding.status === status);
  return worst === undefined ? findings : [
    ...findings.slice(0, LIMIT),
    {
      ...worst,
      name: `${rest.length} more ${what}`,
      detail: `such as ${worst.detail}`,
    },
  ];
}
