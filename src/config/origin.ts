import type { Origin } from "./config.ts";

/**
 * Names an origin in a few characters: `default`, `config.yaml:3`, `--node`, `$NODE_NAME`.
 *
 * @param origin Where a value came from.
 */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default";
    case "file":
      return `${origin.file}:${origin.line}`;
    case "flag":
      return origin.flag;
    case "environment":
      return `$${origin.name}`;
  }
}
