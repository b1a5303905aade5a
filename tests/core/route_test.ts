import assert from "node:assert/strict";
import fc from "fast-check";
import { Exposure } from "../../src/core/exposure.ts";
import { gate } from "../../src/core/gate.ts";
import { receive } from "../../src/core/received_request.ts";
import { ACCOUNT_ENTRIES, type Route, route } from "../../src/core/route.ts";

const V1 = "/computeMetadata/v1";
const SA = `${V1}/instance/service-accounts`;
const EMAIL = "app@demo-proj.iam.gserviceaccount.com";
const STANDARD = new Exposure({ expose: "standard", allow: [], deny: [] });
const GKE = new Exposure({ expose: "gke", allow: [], deny: [] });
const ALL = new Exposure({ expose: "all", allow: ["**"], deny: [] });

Deno.test("route() names the meaning of every kind of path", async (t) => {
  const cases: readonly { path: string; expected: Route }[] = [
    { path: "/", expected: { kind: "root" } },
    {
      path: "/computeMetadata",
      expected: { kind: "redirect", location: "/computeMetadata/" },
    },
    {
      path: "/computeMetadata/",
      expected: { kind: "versions" },
    },
    { path: V1, expected: { kind: "redirect", location: `${V1}/` } },
    { path: `${V1}/`, expected: { kind: "directory", path: "" } },
    {
      path: `${V1}/instance`,
      expected: { kind: "redirect", location: `${V1}/instance/` },
    },
    {
      path: `${V1}/instance/`,
      expected: { kind: "directory", path: "instance" },
    },
    {
      path: `${V1}/universe`,
      expected: { kind: "redirect", location: `${V1}/universe/` },
    },
    {
      path: `${V1}/universe/`,
      expected: { kind: "directory", path: "universe" },
    },
    { path: SA, expected: { kind: "redirect", location: `${SA}/` } },
    { path: `${SA}/`, expected: { kind: "accounts" } },
    {
      path: `${SA}/default`,
      expected: { kind: "account", account: "default", directory: false },
    },
    {
      path: `${SA}/default/`,
      expected: { kind: "account", account: "default", directory: true },
    },
    {
      path: `${SA}/${EMAIL}/`,
      expected: { kind: "account", account: EMAIL, directory: true },
    },
    ...ACCOUNT_ENTRIES.map((entry) => ({
      path: `${SA}/default/${entry}`,
      expected: { kind: "entry", account: "default", entry } as const,
    })),
    {
      path: `${SA}/${EMAIL}/token`,
      expected: { kind: "entry", account: EMAIL, entry: "token" },
    },
    { path: `${V1}/instance/zone/`, expected: { kind: "none" } },
    { path: `${V1}/universe/universe-domain/`, expected: { kind: "none" } },
    {
      path: `${V1}/project`,
      expected: { kind: "redirect", location: "/computeMetadata/v1/project/" },
    },
    {
      path: `${V1}/project/`,
      expected: { kind: "directory", path: "project" },
    },
    {
      path: `${V1}/instance/attributes/`,
      expected: { kind: "directory", path: "instance/attributes" },
    },
  ];
  for (const { path, expected } of cases) {
    for (const [profile, exposure] of Object.entries({ STANDARD, GKE, ALL })) {
      await t.step(
        `${path} ${profile}`,
        () => assert.deepEqual(route(path, exposure), expected),
      );
    }
  }
});

Deno.test("route() knows the leaves that no node changes", async (t) => {
  const text = { kind: "node-value", type: "text" };
  const digits = { kind: "node-value", type: "digits" };
  const leaves = {
    "instance/attributes/cluster-location": text,
    "instance/attributes/cluster-name": text,
    "instance/attributes/cluster-uid": text,
    "instance/hostname": text,
    "instance/id": digits,
    "instance/zone": text,
    "project/numeric-project-id": digits,
    "project/project-id": text,
    "universe/universe-domain": { kind: "universe" },
  };
  for (const [path, entry] of Object.entries(leaves)) {
    await t.step(path, () => {
      const name = path.split("/").at(-1);
      for (const exposure of [STANDARD, GKE, ALL]) {
        const found = route(`${V1}/${path}`, exposure);
        assert.deepEqual(found, { kind: "leaf", row: { path, name, entry } });
      }
    });
  }
});

Deno.test("route() shows of the table what the operator does not deny", () => {
  const exposure = new Exposure({
    expose: "all",
    allow: [],
    deny: ["instance", "project/project-id", "universe"],
  });
  const kinds = Object.fromEntries(
    [
      "",
      "instance/",
      "instance/id",
      "instance/attributes/",
      "instance/attributes",
      "instance/service-accounts/",
      "project/",
      "project/project-id",
      "project/numeric-project-id",
      "universe/",
      "universe/universe-domain",
    ].map((path) => [path, route(`${V1}/${path}`, exposure).kind]),
  );
  assert.deepEqual(kinds, {
    "": "directory",
    "instance/": "directory",
    "instance/id": "none",
    "instance/attributes/": "none",
    "instance/attributes": "none",
    "instance/service-accounts/": "accounts",
    "project/": "directory",
    "project/project-id": "none",
    "project/numeric-project-id": "leaf",
    "universe/": "directory",
    "universe/universe-domain": "leaf",
  });
});

Deno.test("route() asks the exposure for everything else", () => {
  const path = `${V1}/instance/machine-type`;
  assert.equal(route(path, GKE).kind, "none");
  assert.equal(route(path, STANDARD).kind, "upstream");
  const secret = `${V1}/instance/attributes/kube-env`;
  assert.equal(route(secret, STANDARD).kind, "none");
  assert.equal(route(secret, ALL).kind, "upstream");
});

Deno.test("route() finds nothing anywhere else, whatever is exposed", async (t) => {
  const paths = [
    `${SA}/default/token/`,
    `${SA}/default/token.`,
    `${SA}/default/Token`,
    `${SA}/default/tokens`,
    `${SA}/default/token/x`,
    `${SA}/default/identity/`,
    `${SA}/default/constructor`,
    `${SA}/default/__proto__`,
    `${SA}/a/b/c/d`,
    "/computemetadata/v1/",
    "/COMPUTEMETADATA/v1/",
    "/computeMetadata/V1/",
    "/computeMetadata/v1beta1/",
    "/computeMetadata/v1beta1/instance/service-accounts/default/token",
    "/computeMetadata/v1beta1/instance/attributes/kube-env",
    "/computeMetadata/v2/instance/zone",
    "/computeMetadata/v1x/instance/zone",
    "/computeMetadata/v1.",
    "/0.1/meta-data/service-accounts/default/acquire",
    "/0.1/meta-data/",
    "/latest/meta-data/",
    "/healthz",
    "/v1/instance/zone",
    "/instance/zone",
    "/x/computeMetadata/v1/instance/zone",
    "/*",
    `${V1}/oslogin/users`,
    `${V1}/universe/universe_domain`,
    `${V1}/universe/universe-domain/`,
    `${V1}/universe/x`,
    `${V1}/Instance/zone`,
    `${V1}/instances/`,
    `${V1}/constructor`,
    `${V1}/..instance/zone`,
  ];
  for (const path of paths) {
    await t.step(path, () => {
      assert.deepEqual(route(path, ALL), { kind: "none" });
    });
  }
});

Deno.test("route() keeps similar names out of the service accounts", () => {
  const path = "instance/service-accountsx/default/token";
  const found = route(`${V1}/${path}`, ALL);
  assert.deepEqual(found, { kind: "upstream", path, directory: false });
});

Deno.test("route() never sends anything below service-accounts upstream", () => {
  const segment = fc.constantFrom(
    "service-accounts",
    "instance",
    "project",
    "default",
    EMAIL,
    "token",
    "identity",
    "attributes",
    "v1",
    "v1beta1",
    "computeMetadata",
    ".",
    "..",
    "",
    "x",
  );
  const path = fc.tuple(
    fc.constantFrom("", "/", `${V1}/`, `${V1}/instance/`, `${SA}/`, `${SA}`),
    fc.array(segment, { maxLength: 6 }),
  ).map(([start, rest]) => start + rest.join("/"));
  const globs = fc.subarray(
    [
      "**",
      "instance/**",
      "instance/service-accounts/**",
      "*/*/*/token",
      "project",
    ],
  );
  fc.assert(
    fc.property(
      path,
      fc.constantFrom("standard" as const, "gke" as const, "all" as const),
      globs,
      globs,
      (target, expose, allow, deny) => {
        const gated = gate(receive({
          method: "GET",
          url: `http://metadata${target}`,
          headers: new Headers({
            Host: "metadata",
            "Metadata-Flavor": "Google",
          }),
        }));
        if (gated.outcome === "refuse") return;
        const exposure = new Exposure({ expose, allow, deny });
        const found = route(gated.path, exposure);
        const isBelow = `${gated.path}/`.startsWith(`${SA}/`);
        const local = ["redirect", "accounts", "account", "entry", "none"];
        if (isBelow) assert(local.includes(found.kind), found.kind);
        if (found.kind === "redirect") {
          assert.equal(found.location, `${gated.path}/`);
        }
        if (found.kind !== "upstream") return;
        assert(!`${found.path}/`.startsWith("instance/service-accounts/"));
        assert(exposure.shows(found.path));
        const slash = found.directory ? "/" : "";
        assert.equal(`${V1}/${found.path}${slash}`, gated.path);
      },
    ),
    { numRuns: 3_000 },
  );
});
