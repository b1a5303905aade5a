/** Where pods' requests are led on this node. */
export interface RedirectTarget {
  /** Address of this node, in canonical form. */
  readonly host: string;
  /** Port there. */
  readonly port: number;
}

/** A redirect of ours that stands in the kernel, of this process or of another. */
export interface FoundRedirect extends RedirectTarget {
  /** Which of two daemons has put it there: the later one has the greater number. */
  readonly generation: number;
}

const NAME = "saassigner-metadata";
const MARK = /\bsaassigner-metadata(?:-(\d+))?\b/;

/**
 * Makes the comment of a redirect.
 *
 * @param generation From {@linkcode FoundRedirect}; 0 for nobody's in particular.
 */
export function markOf(generation: number): string {
  return generation === 0 ? NAME : `${NAME}-${generation}`;
}

/**
 * Reads the generation from the comment of a redirect.
 *
 * @param text Holds the comment.
 * @returns 0 if it has none.
 */
export function generationOf(text: string): number {
  return Number(MARK.exec(text)?.[1] ?? 0);
}

/**
 * Takes the generation out of the comment of a redirect, for two redirects that
 * lead to the same port are the same.
 *
 * @param text Holds the comment.
 */
export function withoutGeneration(text: string): string {
  return text.replace(MARK, NAME);
}
