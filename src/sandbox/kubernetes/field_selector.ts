import type { JsonObject } from "./json.ts";
import type { ResourceType } from "./resources.ts";
import { badRequest } from "./status.ts";

/**
 * Compiles a field selector: terms `field=value`, `field==value` and
 * `field!=value` joined by commas, all of which must hold.
 *
 * A backslash takes the sign from a following comma, equals sign or backslash.
 *
 * @param text Selector as sent; empty selects everything.
 * @param type Type of object, which decides what fields may be named.
 * @returns A test of one object.
 * @throws {KubernetesStatusError} If a term is malformed or names a field that cannot
 * be selected on (400).
 */
export function compileFieldSelector(
  text: string,
  type: ResourceType,
): (object: JsonObject) => boolean {
  const tests = splitTerms(text).filter((term) => term !== "").map((term) => {
    const parts = /^([^=!]*)(==|=|!=)(.*)$/s.exec(term);
    const [, label, operator, escaped] = parts ?? [];
    if (label === undefined || escaped === undefined) {
      throw badRequest(
        `invalid selector: '${text}'; can't understand '${term}'`,
      );
    }
    const read = type.fields.get(label);
    if (read === undefined) {
      throw badRequest(`field label not supported: ${label}`);
    }
    const value = unescape(escaped);
    return (object: JsonObject) =>
      (read(object) === value) === (operator !== "!=");
  });
  return (object) => tests.every((test) => test(object));
}

function splitTerms(text: string): string[] {
  return text.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? [];
}

function unescape(value: string): string {
  if (/[=,]/.test(value.replaceAll(/\\./gs, ""))) {
    throw badRequest(
      `invalid field selector: unescaped sign in value '${value}'`,
    );
  }
  return value.replaceAll(/\\(.?)/gs, (_, sign: string) => {
    if (/^[\\,=]$/.test(sign)) return sign;
    throw badRequest(
      `invalid field selector: invalid escape sequence: \\${sign}`,
    );
  });
}
