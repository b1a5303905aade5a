import assert from "node:assert/strict";
import {
  findValue,
  listEntries,
  MetadataTree,
} from "../../../src/sandbox/metadata/tree.ts";

Deno.test("set() makes directories on the way and replaces numbered entries", () => {
  const tree = new MetadataTree({ a: { b: "1" }, list: [{ x: "0" }] });
  const before = tree.root;
  tree.set("a/c/d", "2");
  tree.set("list/0/y", "3");
  tree.set("list/1", { x: "4" });
  assert.deepEqual(tree.root, {
    a: { b: "1", c: { d: "2" } },
    list: [{ x: "0", y: "3" }, { x: "4" }],
  });
  assert.deepEqual(before, { a: { b: "1" }, list: [{ x: "0" }] });
});

Deno.test("set() refuses a way through a value and a bad index", () => {
  const tree = new MetadataTree({
    leaf: "1",
    lines: ["a"],
    list: [{ x: "0" }],
  });
  assert.throws(
    () => tree.set("leaf/x", "2"),
    /"leaf\/x" leads through a value/,
  );
  assert.throws(() => tree.set("lines/0", "2"), /leads through a value/);
  assert.throws(() => tree.set("list/2/x", "2"), /"2" is no index/);
  assert.throws(() => tree.set("list/name", "2"), /"name" is no index/);
  assert.throws(
    () => tree.set("list/0", "2"),
    /a numbered entry is a directory/,
  );
  assert.throws(() => tree.set("/", "2"), /names no entry/);
});

Deno.test("remove() takes values, directories and numbered entries out", () => {
  const tree = new MetadataTree({
    a: { b: "1", c: "2" },
    list: [{ x: "0" }, { x: "1" }],
  });
  tree.remove("a/b");
  tree.remove("list/0");
  tree.remove("nothing/here");
  assert.deepEqual(tree.root, { a: { c: "2" }, list: [{ x: "1" }] });
  tree.remove("a");
  assert.deepEqual(tree.root, { list: [{ x: "1" }] });
});

Deno.test("subscribe() calls back during every change until it is ended", () => {
  const tree = new MetadataTree({ a: "1" });
  const seen: unknown[] = [];
  const end = tree.subscribe(() => seen.push(findValue(tree.root, ["a"])));
  tree.set("a", "2");
  tree.remove("missing");
  tree.remove("a");
  end();
  tree.set("a", "3");
  assert.deepEqual(seen, ["2", undefined]);
});

Deno.test("listEntries() sorts names, numbers arrays and knows leaves", () => {
  assert.deepEqual(listEntries({ b: "1", a: "2" })?.map(([name]) => name), [
    "a",
    "b",
  ]);
  assert.deepEqual(listEntries([{ x: "1" }])?.map(([name]) => name), ["0"]);
  assert.deepEqual(listEntries([]), []);
  assert.equal(listEntries(["line"]), undefined);
  assert.equal(listEntries(7n), undefined);
});

Deno.test("findValue() does not see inherited properties", () => {
  assert.equal(findValue({ a: {} }, ["a", "toString"]), undefined);
});
