/**
 * Writes the schema of the configuration file into the chart's values.schema.json, whose
 * value `config` is that file: helm takes no schema of several files.
 */
import { DEPLOY } from "./manifests.ts";

const CONFIG_SCHEMA = new URL("config.schema.json", DEPLOY);

/** The chart's schema of its values. */
export const VALUES_SCHEMA: URL = new URL(
  "helm/k8s-gke-service-account-assigner/values.schema.json",
  DEPLOY,
);

/** Text of values.schema.json with the newest schema of the configuration in it. */
export async function embedConfigSchema(): Promise<string> {
  const values = JSON.parse(await Deno.readTextFile(VALUES_SCHEMA));
  const { $schema: _, ...config } = JSON.parse(
    await Deno.readTextFile(CONFIG_SCHEMA),
    withoutLookahead,
  );
  const whole = { ...values, $defs: { config } };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

/** The regular expressions of Go have none; without it a pattern takes more. */
function withoutLookahead(key: string, value: unknown): unknown {
  if (key !== "pattern" || typeof value !== "string") return value;
  return value.replaceAll(/\(\?=[^()]*\)/g, "");
}

if (import.meta.main) {
  await Deno.writeTextFile(VALUES_SCHEMA, await embedConfigSchema());
}
