const BEGIN = "<!-- bench -->";
const END = "<!-- /bench -->";

/**
 * Replaces what stands between the two comments that mark the figures in README.
 *
 * @param readme Its text.
 * @param part Markdown to put there.
 * @throws If the comments are not there, once each, in this order.
 */
export function replacePart(readme: string, part: string): string {
  const [before, rest, ...others] = readme.split(BEGIN);
  const [, after, ...more] = rest?.split(END) ?? [];
  if (
    before === undefined || after === undefined || others.length > 0 ||
    more.length > 0
  ) throw new Error(`README.md lacks ${BEGIN} with one ${END} behind it`);
  return `${before}${BEGIN}\n\n${part.trim()}\n\n${END}${after}`;
}
