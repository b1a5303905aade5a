import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAllowList } from "../../src/core/allow_list.ts";
import {
  type Namespace,
  NamespaceIndex,
} from "../../src/core/namespace_index.ts";

function createNamespace(name: string, annotation?: string): Namespace {
  return { name, allowList: parseAllowList(annotation) };
}

Deno.test("NamespaceIndex holds the latest state of each namespace", () => {
  const index = new NamespaceIndex();
  assert.equal(index.find("shop"), undefined);
  index.apply(createNamespace("shop", '["*"]'));
  assert.equal(index.find("shop")?.kind, "patterns");
  index.apply(createNamespace("shop", "["));
  assert.equal(index.find("shop")?.kind, "malformed");
  index.apply(createNamespace("shop"));
  assert.equal(index.find("shop")?.kind, "absent");
  assert.equal(index.size, 1);
  index.remove(createNamespace("shop"));
  assert.equal(index.find("shop"), undefined);
  assert.equal(index.size, 0);
});

Deno.test("NamespaceIndex does not take keys of objects for namespaces", () => {
  const index = new NamespaceIndex();
  for (const name of ["", "__proto__", "constructor", "toString"]) {
    assert.equal(index.find(name), undefined);
  }
});

Deno.test("NamespaceIndex agrees with a plain record after any events", () => {
  const namespace = fc.record({
    name: fc.constantFrom("a", "b", "c"),
    allowList: fc.constantFrom(
      parseAllowList(undefined),
      parseAllowList("["),
      parseAllowList('["x"]'),
    ),
  });
  const event = fc.oneof(
    fc.record({ kind: fc.constant("apply" as const), namespace }),
    fc.record({ kind: fc.constant("remove" as const), namespace }),
    fc.record({
      kind: fc.constant("replaceAll" as const),
      namespaces: fc.array(namespace, { maxLength: 3 }),
    }),
  );
  fc.assert(fc.property(fc.array(event), (events) => {
    const index = new NamespaceIndex();
    let model: readonly Namespace[] = [];
    for (const change of events) {
      if (change.kind === "replaceAll") {
        index.replaceAll(change.namespaces);
        model = change.namespaces;
      } else {
        index[change.kind](change.namespace);
        const { name } = change.namespace;
        const others = model.filter((known) => known.name !== name);
        model = change.kind === "apply"
          ? [...others, change.namespace]
          : others;
      }
      for (const name of ["a", "b", "c"]) {
        const known = model.findLast((one) => one.name === name);
        assert.equal(index.find(name), known?.allowList);
      }
      assert.equal(index.size, new Set(model.map((one) => one.name)).size);
    }
  }));
});
