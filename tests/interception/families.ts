import type { FamilyRules } from "../../src/interception/family_rules.ts";

/** The guard with a redirect of everything but eth0. */
export const IPV4: FamilyRules = {
  family: "IPv4",
  address: "169.254.169.254",
  guard: "all",
  redirect: {
    match: { kind: "not", name: "eth0" },
    host: "10.128.0.2",
    port: 8181,
    generation: 0,
  },
  door: {
    host: undefined,
    ports: [8181],
    connectionsPerPod: 256,
    refuseDirect: false,
  },
};

/** The guard alone. */
export const IPV6: FamilyRules = {
  family: "IPv6",
  address: "fd20:ce::254",
  guard: "all",
  redirect: undefined,
  door: undefined,
};
