/**
 * What the manifests give the daemon, with made-up values: a configuration is looked at as
 * it will be used in a cluster, and the environment of this machine says nothing about that.
 */
export const CLUSTER_ENVIRONMENT: ReadonlyMap<string, string> = new Map([
  ["NODE_NAME", "node"],
  // Reserved for documentation (RFC 5737), so that no file names it by chance.
  ["HOST_IP", "192.0.2.1"],
]);
