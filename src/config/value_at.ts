import { isRecord } from "../core/record.ts";
import type { Config } from "./config.ts";

/**
 * Takes a value out of a configuration.
 *
 * @param config Effective configuration.
 * @param path Key path such as `server.port`.
 * @returns The decoded value, or `undefined` if there is none.
 */
export function valueAt(config: Config, path: string): unknown {
  let value: unknown = config;
  for (const key of path.split(".")) {
    value = isRecord(value) ? value[key] : undefined;
  }
  return value;
}
