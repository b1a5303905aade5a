import assert from "node:assert/strict";
import { FLAG_TARGETS } from "../../src/config/flag_target.ts";
import { load } from "./load.ts";

/** Every flag of the program that this one replaces. */
const FLAGS = [
  "api-server",
  "api-token",
  "app-port",
  "backoff-max-elapsed-time",
  "backoff-max-interval",
  "debug",
  "default-scopes",
  "default-service-account",
  "enable-metadata-proxy",
  "host-interface",
  "host-ip",
  "iam-role-key",
  "insecure",
  "iptables",
  "log-format",
  "log-level",
  "metadata-addr",
  "metadata-proxy-addr",
  "namespace-key",
  "namespace-restrictions",
  "node",
  "verbose",
  "version",
];

Deno.test("FLAG_TARGETS has every flag of the original", () => {
  assert.equal(FLAGS.length, 23);
  for (const flag of FLAGS) assert(FLAG_TARGETS.has(flag), flag);
});

Deno.test("loadConfig() takes the flags of the original's DaemonSet unchanged", async () => {
  const { config, warnings } = await load({
    args: [
      "--verbose",
      "--debug=true",
      "--iptables=true",
      "--host-ip=10.0.0.2",
      "--node=n1",
      "--default-service-account=default",
      "--default-scopes=https://www.googleapis.com/auth/devstorage.read_write,https://www.googleapis.com/auth/logging.write",
    ],
  });
  assert.equal(config.log.level, "debug");
  assert(config.admin.debug);
  assert.equal(config.interception.backend, "iptables");
  assert.equal(config.interception.hostIP, "10.0.0.2");
  assert.deepEqual(config.interception.interfaces, []);
  assert.equal(config.kubernetes.node, "n1");
  assert.equal(config.defaults.serviceAccount, "default");
  assert.deepEqual(config.defaults.scopes, [
    "https://www.googleapis.com/auth/devstorage.read_write",
    "https://www.googleapis.com/auth/logging.write",
  ]);
  assert.deepEqual(warnings, []);
});

Deno.test("loadConfig() takes durations of more than one unit in flags", async () => {
  const { config } = await load({
    args: [
      "--backoff-max-elapsed-time=1m30s",
      "--backoff-max-interval",
      "1s500ms",
    ],
  });
  assert.deepEqual(config.backoff, { maxElapsed: 90_000, maxInterval: 1_500 });
});
