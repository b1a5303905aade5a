import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canonicalScopes,
  containsScopes,
  expandScope,
  parseScopes,
} from "../../src/core/scopes.ts";

const AUTH = "https://www.googleapis.com/auth/";

Deno.test("expandScope() takes URLs, their last parts and gcloud's names", async (t) => {
  const cases = [
    { text: "cloud-platform", scope: `${AUTH}cloud-platform` },
    { text: `${AUTH}cloud-platform`, scope: `${AUTH}cloud-platform` },
    { text: "devstorage.read_only", scope: `${AUTH}devstorage.read_only` },
    { text: "https://mail.google.com/", scope: "https://mail.google.com/" },
    { text: "openid", scope: "openid" },
    { text: "email", scope: "email" },
    { text: "profile", scope: "profile" },
    { text: "userinfo.email", scope: `${AUTH}userinfo.email` },
    { text: "userinfo-email", scope: `${AUTH}userinfo.email` },
    { text: "bigquery", scope: `${AUTH}bigquery` },
    { text: "datastore", scope: `${AUTH}datastore` },
    { text: "pubsub", scope: `${AUTH}pubsub` },
    { text: "monitoring", scope: `${AUTH}monitoring` },
    { text: "cloud-source-repos", scope: `${AUTH}source.full_control` },
    { text: "cloud-source-repos-ro", scope: `${AUTH}source.read_only` },
    { text: "compute-ro", scope: `${AUTH}compute.readonly` },
    { text: "compute-rw", scope: `${AUTH}compute` },
    { text: "logging-write", scope: `${AUTH}logging.write` },
    { text: "monitoring-read", scope: `${AUTH}monitoring.read` },
    { text: "monitoring-write", scope: `${AUTH}monitoring.write` },
    { text: "service-control", scope: `${AUTH}servicecontrol` },
    { text: "service-management", scope: `${AUTH}service.management.readonly` },
    { text: "sql", scope: `${AUTH}sqlservice` },
    { text: "sql-admin", scope: `${AUTH}sqlservice.admin` },
    { text: "storage-full", scope: `${AUTH}devstorage.full_control` },
    { text: "storage-ro", scope: `${AUTH}devstorage.read_only` },
    { text: "storage-rw", scope: `${AUTH}devstorage.read_write` },
    { text: "taskqueue", scope: `${AUTH}taskqueue` },
    { text: "trace", scope: `${AUTH}trace.append` },
    { text: "useraccounts-ro", scope: `${AUTH}cloud.useraccounts.readonly` },
    { text: "useraccounts-rw", scope: `${AUTH}cloud.useraccounts` },
    { text: "constructor", scope: `${AUTH}constructor` },
    { text: "a".repeat(512), scope: AUTH + "a".repeat(512) },
  ];
  for (const { text, scope } of cases) {
    await t.step(
      text.slice(0, 60),
      () => assert.equal(expandScope(text), scope),
    );
  }
});

Deno.test("expandScope() refuses what cannot be a scope", () => {
  const texts = [
    "",
    " ",
    "Cloud-Platform",
    "0a",
    "-a",
    "a b",
    "a,b",
    "a/b",
    "../a",
    "a\n",
    'a"',
    "a\r\nX: y",
    "http://www.googleapis.com/auth/a",
    "https://www.googleapis.com",
    "https://user@www.googleapis.com/auth/a",
    "https://www.googleapis.com:443/auth/a",
    "https://www.googleapis.com/auth/a?b",
    "https://www.googleapis.com/auth/a#b",
    "https://www.googleapis.com/auth/%61",
    "https://WWW.googleapis.com/auth/a",
    "HTTPS://www.googleapis.com/auth/a",
    ` ${AUTH}a`,
    "__proto__",
    "\u0430",
    "a".repeat(513),
    AUTH + "a".repeat(513),
  ];
  for (const text of texts) {
    assert.equal(expandScope(text), undefined, JSON.stringify(text));
  }
});

Deno.test("parseScopes() reads lists as annotations and queries hold them", async (t) => {
  const cases = [
    { name: "commas", text: "b,a", scopes: ["a", "b"] },
    { name: "white space", text: " b\n\ta ", scopes: ["a", "b"] },
    { name: "both", text: "a, b", scopes: ["a", "b"] },
    { name: "empty entries", text: ",a,,b,", scopes: ["a", "b"] },
    { name: "twice", text: "a,a", scopes: ["a"] },
    { name: "twice, in two forms", text: `a,${AUTH}a`, scopes: ["a"] },
    { name: "empty", text: "", scopes: undefined },
    { name: "only separators", text: " ,\n, ", scopes: undefined },
    { name: "one malformed", text: "a,<b>", scopes: undefined },
    { name: "plus is no separator", text: "a+b", scopes: undefined },
    { name: "JSON", text: '["a"]', scopes: undefined },
  ];
  for (const { name, text, scopes } of cases) {
    await t.step(name, () => {
      const expected = scopes?.map((scope) => AUTH + scope);
      assert.deepEqual(parseScopes(text), expected);
    });
  }
});

Deno.test("canonicalScopes() gives one form whatever the order and number", () => {
  const scope = fc.constantFrom("a", "b", "storage-ro", "openid", `${AUTH}b`);
  fc.assert(
    fc.property(fc.array(scope), fc.array(fc.nat()), (scopes, picks) => {
      const canonical = canonicalScopes(scopes);
      assert(canonical !== undefined);
      assert.deepEqual(canonicalScopes(canonical), canonical);
      assert.deepEqual(canonicalScopes(scopes.toReversed()), canonical);
      const again = picks.flatMap((pick) => scopes[pick % scopes.length] ?? []);
      assert.deepEqual(canonicalScopes([...scopes, ...again]), canonical);
      assert.equal(new Set(canonical).size, canonical.length);
      assert(containsScopes(canonical, canonical));
    }),
  );
});

Deno.test("canonicalScopes() of one malformed scope is nothing at all", () => {
  assert.equal(canonicalScopes(["a", ""]), undefined);
  assert.equal(canonicalScopes(["a", "b c"]), undefined);
  assert.deepEqual(canonicalScopes([]), []);
});

Deno.test("containsScopes() compares whole scopes", () => {
  assert(containsScopes(["a", "b"], ["b"]));
  assert(containsScopes(["a"], []));
  assert(containsScopes([], []));
  assert(!containsScopes(["a"], ["a", "b"]));
  assert(!containsScopes([], ["a"]));
  assert(!containsScopes([`${AUTH}compute.readonly`], [`${AUTH}compute`]));
});
