import { isJsonObject, type JsonObject, valueAt } from "./json.ts";
import { badRequest } from "./status.ts";

const KEY = String.raw`([A-Za-z0-9][A-Za-z0-9./_-]*)`;
const EXISTS = new RegExp(`^(!?)\\s*${KEY}$`);
const EQUALITY = new RegExp(
  String.raw`^${KEY}\s*(==|=|!=)\s*([A-Za-z0-9._-]*)$`,
);
const SET = new RegExp(
  String.raw`^${KEY}\s+(in|notin)\s*\(([A-Za-z0-9._,\s-]*)\)$`,
);

/**
 * Compiles a label selector: terms `a=b`, `a==b`, `a!=b`, `a in (x,y)`,
 * `a notin (x,y)`, `a` and `!a` joined by commas, all of which must hold.
 *
 * As in the real server, `!=` and `notin` also select objects without the label.
 *
 * @param text Selector as sent; empty selects everything.
 * @returns A test of one object.
 * @throws {KubernetesStatusError} If a term cannot be parsed (400).
 */
export function compileLabelSelector(
  text: string,
): (object: JsonObject) => boolean {
  const tests = text.trim() === "" ? [] : splitTerms(text).map(compileTerm);
  return (object) => {
    const labels = valueAt(object, "metadata.labels");
    const known = isJsonObject(labels) ? labels : {};
    return tests.every((test) => test(known));
  };
}

function compileTerm(term: string): (labels: JsonObject) => boolean {
  const equality = EQUALITY.exec(term);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== "!=");
  }
  const set = SET.exec(term);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set<unknown>(
      list.split(",").map((value) => value.trim()),
    );
    return (labels) => values.has(labels[key]) === (operator === "in");
  }
  const exists = EXISTS.exec(term);
  if (exists !== null) {
    const [, negation, key = ""] = exists;
    return (labels) => (labels[key] === undefined) === (negation === "!");
  }
  throw badRequest(`unable to parse requirement: found '${term}'`);
}

/** Splits at commas that are not within the parentheses of a set. */
function splitTerms(text: string): string[] {
  return text.split(/,(?![^()]*\))/).map((term) => term.trim());
}
