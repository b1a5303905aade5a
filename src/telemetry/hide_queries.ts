/**
 * Keeps queries out of every span, the runtime's own too.
 *
 * The runtime writes the whole URL of each request to its span, with the audience of an
 * ID token. Setting the attribute anew does not help: both values are exported. So the
 * method by which the runtime sets it is replaced by one that leaves the query out; a
 * test searches the exported bytes.
 *
 * @param span Any span of the runtime's, for the class that all have.
 */
export function hideQueries(span: object): void {
  const prototype = Object.getPrototypeOf(span);
  const original: SetAttribute = prototype.setAttribute;
  const setAttribute: SetAttribute = function (
    this: unknown,
    key,
    value,
  ): unknown {
    return original.call(this, key, withoutQuery(key, value));
  };
  Object.defineProperty(prototype, "setAttribute", { value: setAttribute });
}

type SetAttribute = (this: unknown, key: string, value: unknown) => unknown;

function withoutQuery(key: string, value: unknown): unknown {
  if (key === "url.query") return "";
  return key === "url.full" && typeof value === "string"
    ? value.replace(/[?#].*$/s, "")
    : value;
}
