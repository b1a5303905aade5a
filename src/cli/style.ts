import type { Io } from "./io.ts";

/** How a text stands out on a terminal. */
export type Emphasis = "good" | "bad" | "warning" | "heading" | "faint";

const CODES: Readonly<Record<Emphasis, number>> = {
  good: 32,
  bad: 31,
  warning: 33,
  heading: 1,
  faint: 2,
};

/**
 * Makes a text stand out.
 *
 * @param text The text; control characters are shown, never sent to the terminal.
 * @param emphasis How.
 */
export type Style = (text: string, emphasis: Emphasis) => string;

/**
 * Creates the function that makes text stand out where colours can be shown.
 *
 * @param io Tells whether they can.
 */
export function createStyle({ useColor }: Pick<Io, "useColor">): Style {
  return (text, emphasis) => {
    const shown = showControls(text);
    return useColor ? `\x1b[${CODES[emphasis]}m${shown}\x1b[0m` : shown;
  };
}

/**
 * Writes control and formatting characters as escapes: annotations are whatever somebody
 * wrote, and could move the cursor of whoever reads them, or turn the direction of text.
 *
 * @param text The text.
 */
export function showControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 256
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u{${code.toString(16)}}`;
  });
}
