import { SECRET_MARKER } from "./defaults.ts";
import { renderText } from "./rendering.ts";
import {
  findValue,
  listEntries,
  type MetadataDirectory,
  type MetadataValue,
} from "./tree.ts";

/** Directories of which nothing may reach a pod. */
const concealed = [
  "instance/attributes",
  "instance/guest-attributes",
  "instance/licenses",
  "instance/platform-security",
  "oslogin",
  "project/attributes",
];

/** The three attributes that pods may read. */
const readable = new Set(["cluster-location", "cluster-name", "cluster-uid"]);

/** Anything shorter occurs in innocent text too. */
const shortestSecret = 8;

/**
 * Lists every line of every concealed value, and every word with the secret marker, so that a
 * search finds a value that has been cut or escaped.
 *
 * @param root What `/computeMetadata/v1/` has.
 */
export function listSecrets(root: MetadataDirectory): readonly string[] {
  const texts = concealed.flatMap((path) => {
    const directory = findValue(root, path.split("/"));
    const entries = directory === undefined ? [] : listEntries(directory) ?? [];
    return entries.filter(([name]) => !readable.has(name)).flatMap((
      [, value],
    ) => listTexts(value));
  });
  const found = texts.flatMap((text) => [
    ...text.split("\n").map((line) => line.trim()),
    ...text.matchAll(new RegExp(`${SECRET_MARKER}[\\w-]*`, "g")).map(([word]) =>
      word
    ),
  ]);
  return [...new Set(found.filter((text) => text.length >= shortestSecret))];
}

function listTexts(value: MetadataValue): readonly string[] {
  const entries = listEntries(value);
  return entries === undefined
    ? [renderText(value)]
    : entries.flatMap(([, entry]) => listTexts(entry));
}
