import {
  type CheckedLayer,
  checkLayer,
  type Layer,
  type LayerValue,
} from "./layer.ts";

/** Variables that fill an option whose value is missing or empty in the layers above. */
const FILLERS: ReadonlyMap<string, string> = new Map([
  ["kubernetes.node", "NODE_NAME"],
  ["interception.hostIP", "HOST_IP"],
]);

/**
 * Reads what the environment fills in.
 *
 * A flag is final even if it is empty; an empty value in the file is not, so that a copy
 * of the example file does not undo `NODE_NAME`. `GOOGLE_APPLICATION_CREDENTIALS` means
 * something only while no layer says where the credentials come from.
 *
 * @param env Reads one variable; empty ones count as missing.
 * @param above The layers that win, checked.
 */
export function readEnvironmentLayer(
  env: (name: string) => string | undefined,
  above: { readonly file: Layer; readonly flags: Layer },
): CheckedLayer {
  const layer = new Map<string, LayerValue>();
  for (const [path, name] of FILLERS) {
    const value = env(name) ?? "";
    const inFile = above.file.get(path)?.value ?? "";
    if (value !== "" && inFile === "" && !above.flags.has(path)) {
      layer.set(path, { value, origin: { kind: "environment", name } });
    }
  }
  const path = "google.credentials";
  const name = "GOOGLE_APPLICATION_CREDENTIALS";
  if (
    (env(name) ?? "") !== "" && !above.file.has(path) && !above.flags.has(path)
  ) {
    layer.set(path, { value: "adc", origin: { kind: "environment", name } });
  }
  return { layer, issues: checkLayer(layer) };
}
