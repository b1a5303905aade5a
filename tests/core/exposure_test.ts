import assert from "node:assert/strict";
import fc from "fast-check";
import { Exposure, type ExposureOptions } from "../../src/core/exposure.ts";

const NONE = { allow: [], deny: [] };

/** Each path with the profiles that show it. */
const PATHS: readonly { path: string; profiles: readonly string[] }[] = [
  { path: "instance", profiles: ["standard", "gke", "all"] },
  { path: "instance/attributes", profiles: ["standard", "gke", "all"] },
  {
    path: "instance/attributes/cluster-name",
    profiles: ["standard", "gke", "all"],
  },
  {
    path: "instance/attributes/cluster-location",
    profiles: ["standard", "gke", "all"],
  },
  {
    path: "instance/attributes/cluster-uid",
    profiles: ["standard", "gke", "all"],
  },
  { path: "instance/hostname", profiles: ["standard", "gke", "all"] },
  { path: "instance/id", profiles: ["standard", "gke", "all"] },
  { path: "instance/zone", profiles: ["standard", "gke", "all"] },
  { path: "project", profiles: ["standard", "gke", "all"] },
  { path: "project/numeric-project-id", profiles: ["standard", "gke", "all"] },
  { path: "project/project-id", profiles: ["standard", "gke", "all"] },
  { path: "instance/name", profiles: ["standard", "all"] },
  { path: "instance/machine-type", profiles: ["standard", "all"] },
  { path: "instance/network-interfaces", profiles: ["standard", "all"] },
  { path: "instance/network-interfaces/0/ip", profiles: ["standard", "all"] },
  { path: "instance/tags", profiles: ["standard", "all"] },
  { path: "instance/scheduling/preemptible", profiles: ["standard", "all"] },
  { path: "instance/maintenance-event", profiles: ["standard", "all"] },
  { path: "instance/preempted", profiles: ["standard", "all"] },
  { path: "instance/disks/0/type", profiles: ["standard", "all"] },
  { path: "project/service-accounts/default/token", profiles: [] },
  { path: "instance/disks/service-accounts", profiles: [] },
  { path: "instance/tags/Service-Accounts/x", profiles: [] },
  { path: "instance/name/serviceAccounts", profiles: [] },
  { path: "instance/attributes/kube-env", profiles: ["all"] },
  { path: "instance/attributes/user-data", profiles: ["all"] },
  { path: "instance/attributes/ssh-keys", profiles: ["all"] },
  { path: "instance/attributes/cluster-name/x", profiles: ["all"] },
  { path: "instance/attributes/cluster-name2", profiles: ["all"] },
  { path: "instance/guest-attributes", profiles: ["all"] },
  { path: "instance/guest-attributes/a/b", profiles: ["all"] },
  { path: "instance/licenses", profiles: ["all"] },
  { path: "instance/licenses/0/id", profiles: ["all"] },
  { path: "instance/platform-security", profiles: ["all"] },
  { path: "instance/platform-security/auth/x", profiles: ["all"] },
  { path: "project/attributes", profiles: ["all"] },
  { path: "project/attributes/ssh-keys", profiles: ["all"] },
  { path: "instance/service-accounts", profiles: [] },
  { path: "instance/service-accounts/default/token", profiles: [] },
  { path: "oslogin", profiles: [] },
  { path: "oslogin/users", profiles: [] },
  { path: "universe/universe-domain", profiles: [] },
  { path: "instances", profiles: [] },
  { path: "Instance/zone", profiles: [] },
  { path: "", profiles: [] },
];

for (const expose of ["standard", "gke", "all"] as const) {
  Deno.test(`Exposure.shows() profile ${expose}`, async (t) => {
    const exposure = new Exposure({ expose, ...NONE });
    for (const { path, profiles } of PATHS) {
      await t.step(
        `"${path}"`,
        () => assert.equal(exposure.shows(path), profiles.includes(expose)),
      );
    }
  });
}

Deno.test("Exposure.shows() allow and deny", async (t) => {
  const cases: readonly {
    name: string;
    options: ExposureOptions;
    shown: readonly string[];
    concealed: readonly string[];
  }[] = [
    {
      name: "allow adds one entry and nothing beside or below it",
      options: { expose: "gke", allow: ["instance/machine-type"], deny: [] },
      shown: ["instance/machine-type", "instance/zone"],
      concealed: ["instance/machine-type/x", "instance/name"],
    },
    {
      name: "allow opens what the profile conceals",
      options: {
        expose: "standard",
        allow: ["instance/attributes/my-*", "project/attributes/**"],
        deny: [],
      },
      shown: [
        "instance/attributes/my-key",
        "project/attributes",
        "project/attributes/a",
      ],
      concealed: ["instance/attributes/kube-env"],
    },
    {
      name: "deny wins over the profile",
      options: { expose: "all", allow: [], deny: ["instance/zone"] },
      shown: ["instance/id", "instance/zone2"],
      concealed: ["instance/zone"],
    },
    {
      name: "deny wins over allow",
      options: {
        expose: "standard",
        allow: ["instance/**"],
        deny: ["instance/tags"],
      },
      shown: ["instance/attributes/kube-env"],
      concealed: ["instance/tags"],
    },
    {
      name: "deny conceals everything below",
      options: {
        expose: "all",
        allow: ["instance/disks/0/type"],
        deny: ["instance/disks"],
      },
      shown: ["instance/disksy", "instance"],
      concealed: [
        "instance/disks",
        "instance/disks/0",
        "instance/disks/0/type",
      ],
    },
    {
      name: "deny of a root conceals it whole",
      options: {
        expose: "all",
        allow: ["project/project-id"],
        deny: ["project"],
      },
      shown: ["instance/zone"],
      concealed: ["project", "project/project-id"],
    },
    {
      name: "deny by glob conceals below what it matches",
      options: { expose: "all", allow: [], deny: ["instance/*/0"] },
      shown: ["instance/disks", "instance/disks/1/type"],
      concealed: ["instance/disks/0", "instance/disks/0/type"],
    },
    {
      name: "deny of everything",
      options: { expose: "all", allow: ["**"], deny: ["**"] },
      shown: [],
      concealed: ["instance", "instance/zone", "project/project-id"],
    },
    {
      name: "allow never opens service accounts or other roots",
      options: {
        expose: "all",
        allow: ["**", "instance/service-accounts/**", "oslogin/**", "*/*/*/*"],
        deny: [],
      },
      shown: ["instance/attributes/kube-env"],
      concealed: [
        "instance/service-accounts",
        "instance/service-accounts/default",
        "instance/service-accounts/default/token",
        "oslogin/users",
        "universe",
      ],
    },
  ];
  for (const { name, options, shown, concealed } of cases) {
    await t.step(name, () => {
      const exposure = new Exposure(options);
      for (const path of shown) assert(exposure.shows(path), path);
      for (const path of concealed) assert(!exposure.shows(path), path);
    });
  }
});

Deno.test("Exposure.shows() nothing below a denied entry, and no service account", () => {
  const segment = fc.constantFrom("a", "b", "service-accounts", "attributes");
  const path = fc.tuple(
    fc.constantFrom("instance", "project"),
    fc.array(segment, { maxLength: 3 }),
  ).map(([root, rest]) => [root, ...rest].join("/"));
  const globs = fc.array(
    fc.oneof(
      path,
      fc.constantFrom("**", "instance/*", "*/a/**", "instance/**/b"),
    ),
    { maxLength: 2 },
  );
  fc.assert(fc.property(
    fc.constantFrom("standard" as const, "gke" as const, "all" as const),
    globs,
    globs,
    path,
    segment,
    (expose, allow, deny, parent, child) => {
      const options = new Exposure({ expose, allow, deny });
      const denyOnly = new Exposure({ expose: "all", allow: [], deny });
      const below = `${parent}/${child}`;
      if (below.startsWith("instance/service-accounts")) {
        assert(!options.shows(below));
      }
      const isDenied = !denyOnly.shows(parent);
      if (isDenied) assert(!options.shows(below));
    },
  ));
});
