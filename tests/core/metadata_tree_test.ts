import assert from "node:assert/strict";
import fc from "fast-check";
import { Exposure } from "../../src/core/exposure.ts";
import {
  ExactNumber,
  filterTree,
  isTree,
  parseExactJson,
  treeToText,
} from "../../src/core/metadata_tree.ts";

const STANDARD = new Exposure({ expose: "standard", allow: [], deny: [] });
const GKE = new Exposure({ expose: "gke", allow: [], deny: [] });
const ALL = new Exposure({ expose: "all", allow: [], deny: [] });

const ROOT = JSON.stringify({
  instance: {
    attributes: {
      "cluster-name": "c1",
      clusterName: "data",
      "kube-env": "NODE-SECRET",
    },
    guestAttributes: { ns: { key: "NODE-SECRET" } },
    hostname: "node-1.internal",
    licenses: [{ id: "1" }],
    machineType: "projects/1/machineTypes/e2-medium",
    networkInterfaces: [{
      accessConfigs: [{ externalIp: "1.2.3.4" }],
      ip: "10.0.0.2",
    }],
    platformSecurity: { auth: "NODE-SECRET" },
    serviceAccounts: { default: { token: "NODE-SECRET" } },
    "service-accounts": { default: { token: "NODE-SECRET" } },
    tags: ["a", "b"],
    zone: "projects/1/zones/europe-west1-b",
  },
  oslogin: { users: "NODE-SECRET" },
  project: {
    attributes: { "ssh-keys": "NODE-SECRET" },
    numericProjectId: 1,
    projectId: "demo-proj",
  },
  universe: { universeDomain: "googleapis.com" },
});

Deno.test("parseExactJson() keeps every digit", async (t) => {
  const numbers = [
    "4520031799277581759",
    "9007199254740993",
    "-9007199254740993",
    "123456789012345678901234567890",
    "0",
    "-0",
    "1.0",
    "1e400",
    "0.10000000000000000000001",
  ];
  for (const number of numbers) {
    await t.step(number, () => {
      for (
        const text of [number, `[${number}]`, `{"id":${number},"zone":"z"}`]
      ) {
        assert.equal(JSON.stringify(parseExactJson(text)), text);
      }
    });
  }
});

Deno.test("parseExactJson() gives back any JSON as it was", () => {
  fc.assert(fc.property(fc.json(), (json) => {
    const text = JSON.stringify(JSON.parse(json));
    assert.equal(JSON.stringify(parseExactJson(text)), text);
  }));
});

Deno.test("parseExactJson() keeps keys of objects as data", () => {
  const text = '{"__proto__":{"admin":1},"constructor":2}';
  const tree = parseExactJson(text);
  assert.equal(JSON.stringify(tree), text);
  assert.equal(JSON.stringify(filterTree(tree, "instance/x", ALL)), text);
  assert.equal(Object.getPrototypeOf(tree), Object.prototype);
});

Deno.test("parseExactJson() throws a SyntaxError at what is no JSON", () => {
  for (const text of ["", "{", "NODE-SECRET", "01", "{}{}"]) {
    assert.throws(() => parseExactJson(text), SyntaxError, text);
  }
});

Deno.test("filterTree() leaves what the profile shows", async (t) => {
  const shown = {
    standard: {
      instance: {
        attributes: { "cluster-name": "c1" },
        hostname: "node-1.internal",
        machineType: "projects/1/machineTypes/e2-medium",
        networkInterfaces: [
          { accessConfigs: [{ externalIp: "1.2.3.4" }], ip: "10.0.0.2" },
        ],
        tags: ["a", "b"],
        zone: "projects/1/zones/europe-west1-b",
      },
      project: { numericProjectId: 1, projectId: "demo-proj" },
    },
    gke: {
      instance: {
        attributes: { "cluster-name": "c1" },
        hostname: "node-1.internal",
        zone: "projects/1/zones/europe-west1-b",
      },
      project: { numericProjectId: 1, projectId: "demo-proj" },
    },
  };
  await t.step("standard", () => {
    const filtered = filterTree(parseExactJson(ROOT), "", STANDARD);
    assert.equal(JSON.stringify(filtered), JSON.stringify(shown.standard));
  });
  await t.step("gke", () => {
    const filtered = filterTree(parseExactJson(ROOT), "", GKE);
    assert.equal(JSON.stringify(filtered), JSON.stringify(shown.gke));
  });
  await t.step("all, but never service accounts or other roots", () => {
    const text = JSON.stringify(filterTree(parseExactJson(ROOT), "", ALL));
    assert(text.includes('"kube-env":"NODE-SECRET"'));
    assert(text.includes('"clusterName":"data"'));
    assert(!/serviceAccounts|service-accounts|oslogin|universe/.test(text));
  });
  await t.step("a subtree by its own path", () => {
    const tree = parseExactJson(
      '{"cluster-name":"c1","kube-env":"NODE-SECRET"}',
    );
    assert.deepEqual(filterTree(tree, "instance/attributes", STANDARD), {
      "cluster-name": "c1",
    });
    assert.deepEqual(filterTree(tree, "project/attributes", STANDARD), {});
    assert.deepEqual(filterTree(tree, "instance/service-accounts", ALL), {});
  });
  await t.step("entries of a list", () => {
    const deny = ["instance/disks/1"];
    const exposure = new Exposure({ expose: "all", allow: [], deny });
    const tree = parseExactJson('{"disks":[{"i":0},{"i":1},{"i":2}]}');
    const filtered = filterTree(tree, "instance", exposure);
    assert.equal(JSON.stringify(filtered), '{"disks":[{"i":0},{"i":2}]}');
  });
  await t.step("a denied entry under its camel-cased name", () => {
    const deny = ["instance/network-interfaces/*/access-configs"];
    const exposure = new Exposure({ expose: "all", allow: [], deny });
    const text = JSON.stringify(filterTree(parseExactJson(ROOT), "", exposure));
    assert(text.includes('"networkInterfaces":[{"ip":"10.0.0.2"}]'));
  });
});

Deno.test("filterTree() shows nothing that the exposure conceals", () => {
  const key = fc.constantFrom(
    "attributes",
    "kube-env",
    "cluster-name",
    "serviceAccounts",
    "guestAttributes",
    "a",
    "diskType",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constant("leaf"),
      fc.array(tie("tree"), { maxLength: 2 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 3 }),
    ),
  }));
  const deny = fc.subarray(["instance/a", "**/disk-type", "instance/*/0"]);
  const expose = fc.constantFrom(
    "standard" as const,
    "gke" as const,
    "all" as const,
  );
  fc.assert(fc.property(tree, expose, deny, (value, profile, denied) => {
    const exposure = new Exposure({ expose: profile, allow: [], deny: denied });
    const json = parseExactJson(JSON.stringify({ instance: value }));
    const filtered = filterTree(json, "", exposure);
    const isShownWhole = (part: unknown, path: string): void => {
      if (path !== "") assert(exposure.shows(path), path);
      if (typeof part !== "object" || part === null || Array.isArray(part)) {
        return;
      }
      for (const [name, below] of Object.entries(part)) {
        const isData = path === "instance/attributes" ||
          path.startsWith("instance/guest-attributes");
        const entry = isData
          ? name
          : name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
        isShownWhole(below, path === "" ? entry : `${path}/${entry}`);
      }
    };
    isShownWhole(filtered, "");
  }));
});

Deno.test("treeToText() writes a line for each leaf", async (t) => {
  const cases = [
    {
      name: "names become paths",
      path: "instance",
      json:
        '{"id":4520031799277581759,"networkInterfaces":[{"accessConfigs":[{"externalIp":"1.2.3.4"}]}]}',
      text: "id 4520031799277581759\n" +
        "network-interfaces/0/access-configs/0/external-ip 1.2.3.4\n",
    },
    {
      name: "keys of attributes are data",
      path: "instance",
      json: '{"attributes":{"clusterName":"c1"},"machineType":"m"}',
      text: "attributes/clusterName c1\nmachine-type m\n",
    },
    {
      name: "from the root",
      path: "",
      json: '{"project":{"attributes":{"aB":"x"},"numericProjectId":1}}',
      text: "project/attributes/aB x\nproject/numeric-project-id 1\n",
    },
    {
      name: "below the directory of data",
      path: "instance/guest-attributes",
      json: '{"myNs":{"myKey":"x"}}',
      text: "myNs/myKey x\n",
    },
    {
      name: "service accounts keep their e-mails",
      path: "instance/service-accounts",
      json: '{"app@demo-proj.iam.gserviceaccount.com":{"aliases":["default"]}}',
      text: "app@demo-proj.iam.gserviceaccount.com/aliases/0 default\n",
    },
    {
      name: "other values",
      path: "instance",
      json: '{"a":true,"b":null,"c":"","d":{},"e":[]}',
      text: "a true\nb null\nc \n",
    },
    { name: "empty directory", path: "instance", json: "{}", text: "" },
  ];
  for (const { name, path, json, text } of cases) {
    await t.step(name, () => {
      assert.equal(treeToText(parseExactJson(json), path), text);
    });
  }
});

Deno.test("isTree() knows directories alone", () => {
  assert(isTree({}));
  assert(isTree(parseExactJson('{"a":1}')));
  const others = [
    "",
    "a",
    0,
    true,
    null,
    undefined,
    [],
    [{}],
    new ExactNumber("1"),
  ];
  for (const value of others) assert(!isTree(value), String(value));
});
