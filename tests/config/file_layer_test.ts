import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/config_error.ts";
import { readFileLayer } from "../../src/config/file_layer.ts";

/** Issues of a text as they would be printed. */
function issuesOf(text: string): readonly string[] {
  const { issues } = readFileLayer("f", text);
  return issues.length === 0 ? [] : new ConfigError(issues).message.split("\n");
}

Deno.test("readFileLayer() reports everything at once, in document order", () => {
  const text = [
    "server: {port: 70000, prot: 1}",
    "admin: 5",
    "kubernetes:",
    "  apiToken: [a]",
    "defaults:",
    "  scopes:",
    "    - cloud-platform",
    "    - a b",
    "hostIP: 10.0.0.1",
    "something: {}",
  ].join("\n");
  assert.deepEqual(issuesOf(text), [
    "f:1:16: server.port: 70000 is not accepted; expected a whole number from 0 to 65535, 0 for any free port",
    "f:1:23: server.prot: is no known key; did you mean server.port?",
    "f:2:8: admin: a number is not accepted; expected a mapping with address, port, socket, debug",
    "f:4:13: kubernetes.apiToken: *** is not accepted; expected a bearer token of visible ASCII characters, or null for none",
    'f:8:7: defaults.scopes[1]: "a b" is not accepted; expected the https URL of a scope, or a short name such as cloud-platform',
    "f:9:1: hostIP: is no known key; did you mean interception.hostIP?",
    "f:10:1: something: is no known key; expected one of server, admin, kubernetes, annotations, defaults, restrictions, metadata, google, tokens, interception, backoff, telemetry, log",
  ]);
});

Deno.test("readFileLayer() says where only the quotes are wrong", () => {
  assert.match(issuesOf("kubernetes: {node: 12}")[0] ?? "", /in quotes$/);
  assert.match(issuesOf('server: {port: "80"}')[0] ?? "", /without quotes$/);
  assert.doesNotMatch(issuesOf("server: {port: x}")[0] ?? "", /quotes/);
});

Deno.test("readFileLayer() accepts empty sections and {}", () => {
  for (const text of ["{}", "server:\nlog: {}\nmetadata:\n  nextHop:\n"]) {
    assert.deepEqual(issuesOf(text), []);
    assert.equal(readFileLayer("f", text).layer.size, 0);
  }
});

Deno.test("readFileLayer() refuses what is not one mapping", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /^f:1:1: is empty; write \{\} /],
    ["# only a comment\n", /^f:\d:1: is empty; /],
    ["null", /^f:1:1: is empty; /],
    [
      "- a",
      /^f:1:1: a list is not accepted; expected a mapping with server, /,
    ],
    ["text", /^f:1:1: a string is not accepted; expected a mapping/],
    ["log: {}\n---\nlog: {}", /^f:2:1: a second document begins here/],
  ];
  for (const [text, expected] of cases) {
    const [issue, ...more] = issuesOf(text);
    assert.match(issue ?? "", expected);
    assert.deepEqual(more, []);
  }
});

Deno.test("readFileLayer() refuses malformed YAML with the place", () => {
  const cases: readonly [string, RegExp][] = [
    [
      "log:\n  level: info\n  level: warn",
      /^f:3:3: the key level stands here a second time$/,
    ],
    ["log: [", /^f:1:7: /],
    ["log:\n\tlevel: info", /^f:2:1: tabs are not allowed as indentation$/],
    [
      "log: !secret x",
      /^f:1:6: unresolved tag: !secret; a text that begins with ! needs quotes$/,
    ],
    ["log: {}\nserver: *missing", /^f:2:9: no anchor &missing /],
    [`log: ${"[".repeat(20_000)}`, /^f:1:\d+: nested too deeply$/],
  ];
  for (const [text, expected] of cases) {
    const issues = issuesOf(text);
    assert.match(issues[0] ?? "", expected);
    assert(issues.length <= 5);
  }
});

Deno.test("readFileLayer() bounds what aliases can stand for", () => {
  const bomb = [
    "a: &a [x, x, x, x, x, x, x, x, x]",
    "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]",
    "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]",
    "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]",
  ].join("\n");
  assert.deepEqual(issuesOf(bomb), [
    "f:1:1: aliases stand for more than 50 nodes",
  ]);
});

Deno.test("readFileLayer() takes an alias for what it stands for", () => {
  const { layer, issues } = readFileLayer(
    "f",
    "metadata:\n  allow: &paths [instance/tags]\n  deny: *paths",
  );
  assert.deepEqual(issues, []);
  assert.deepEqual(layer.get("metadata.deny")?.value, ["instance/tags"]);
});

Deno.test("readFileLayer() finds no option by an inherited or dotted key", () => {
  for (
    const key of [
      "__proto__",
      "constructor",
      "toString",
      '"server.port"',
      "<<",
      "? [a]\n",
    ]
  ) {
    const [issue, ...more] = issuesOf(`${key}: {}`);
    assert.match(issue ?? "", /: is no known key; /s, key);
    assert.deepEqual(more, []);
  }
});

Deno.test("readFileLayer() reads YAML 1.2 whatever the document asks for", () => {
  const { layer, issues } = readFileLayer(
    "f",
    "%YAML 1.1\n---\nrestrictions:\n  mode: off\n",
  );
  assert.deepEqual(issues, []);
  assert.equal(layer.get("restrictions.mode")?.value, "off");
});

Deno.test("readFileLayer() takes Windows line ends and a byte order mark", () => {
  const { layer, issues } = readFileLayer(
    "f",
    "\uFEFFserver:\r\n  port: 1\r\n",
  );
  assert.deepEqual(issues, []);
  assert.deepEqual(layer.get("server.port")?.origin, {
    kind: "file",
    file: "f",
    line: 2,
    column: 9,
  });
});
