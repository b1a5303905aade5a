import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { mergeReloaded } from "../../src/config/reloaded.ts";
import { OPTIONS } from "../../src/config/schema.ts";
import { load } from "./load.ts";

async function configOf(...args: readonly string[]): Promise<Config> {
  return (await load({ args })).config;
}

/** A value other than the default for every option, free of contradictions. */
const OTHER = [
  "--app-address=10.0.0.1",
  "--app-port=9181",
  "--admin-address=::1",
  "--admin-port=9182",
  "--debug",
  "--api-server=https://api.example",
  "--api-token=secret",
  "--insecure",
  "--node=n",
  "--max-staleness=10m",
  "--iam-role-key=a",
  "--scopes-key=b",
  "--namespace-key=c",
  "--default-service-account=default",
  "--default-scopes=openid,email",
  "--restrictions-mode=enforce",
  "--metadata-addr=10.0.0.9",
  "--metadata-hosts=a.example",
  "--enable-metadata-proxy",
  "--metadata-proxy-addr=10.0.0.9:988",
  "--metadata-expose=gke",
  "--metadata-allow=a/*",
  "--metadata-deny=b/**",
  "--iam-endpoint=https://iam.example",
  "--universe-domain=cloud.example",
  "--google-credentials=adc",
  "--google-lifetime=30m",
  "--google-delegates=a@demo.iam.gserviceaccount.com",
  "--iam-calls-per-second=1",
  "--iam-call-burst=1",
  "--token-cache-entries=100",
  "--token-entries-per-pod=2",
  "--token-prefetch=false",
  "--token-remember-refusals=0",
  "--interception-backend=nftables",
  "--interception-address=10.0.0.8",
  "--interception-ipv6-address=fd00::8",
  "--host-ip=10.0.0.1",
  "--host-interface=!eth0",
  "--interception-guard=http",
  "--interception-connections-per-pod=9",
  "--interception-refuse-direct",
  "--interception-check-interval=1m30s",
  "--no-interception-watch-rules",
  "--backoff-max-elapsed-time=1s",
  "--backoff-max-interval=500ms",
  "--trace-url-template=https://t.example/{traceId}",
  "--handover-port=0",
  "--no-events",
  "--admin-socket=/run/admin.sock",
  "--log-format=json",
  "--log-level=warn",
  "--log-audit",
];

Deno.test("mergeReloaded() changes nothing when nothing changed", async () => {
  const running = await configOf(...OTHER);
  assert.deepEqual(mergeReloaded(running, await configOf(...OTHER)), {
    config: running,
    changed: [],
    needsRestart: [],
  });
});

Deno.test("mergeReloaded() sorts every option into one of the two lists", async () => {
  const loaded = await configOf(...OTHER);
  const { changed, needsRestart } = mergeReloaded(await configOf(), loaded);
  // Only one of these can be set beside kubernetes.apiServer and its token.
  const unset = ["kubernetes.apiTokenFile", "kubernetes.kubeconfig"];
  const paths = OPTIONS.filter(({ path }) => !unset.includes(path));
  assert.deepEqual(
    changed,
    paths.filter(({ isReloadable }) => isReloadable).map(({ path }) => path),
  );
  assert.deepEqual(
    needsRestart,
    paths.filter(({ isReloadable }) => !isReloadable).map(({ path }) => path),
  );
});

Deno.test("mergeReloaded() gives what can change and keeps the rest", async () => {
  const running = await configOf("--api-server=https://a", "--api-token=x");
  const loaded = await configOf(
    "--api-server=https://a",
    "--api-token=y",
    "--app-port=0",
    "--log-format=json",
    "--log-level=debug",
    "--default-scopes=openid",
    "--interception-check-interval=1m30s",
  );
  const { config, changed, needsRestart } = mergeReloaded(running, loaded);
  assert.deepEqual(config, {
    ...running,
    defaults: { ...running.defaults, scopes: ["openid"] },
    interception: { ...running.interception, checkInterval: 90_000 },
    log: { ...running.log, level: "debug" },
  });
  assert.deepEqual(changed, [
    "defaults.scopes",
    "interception.checkInterval",
    "log.level",
  ]);
  assert.deepEqual(needsRestart, [
    "server.port",
    "kubernetes.apiToken",
    "log.format",
  ]);
});

Deno.test("mergeReloaded() compares lists by what they hold", async () => {
  const running = await configOf("--metadata-deny=a,b");
  const same = await configOf("--metadata-deny=a,b");
  const other = await configOf("--metadata-deny=b,a");
  assert.deepEqual(mergeReloaded(running, same).changed, []);
  assert.deepEqual(mergeReloaded(running, other).changed, ["metadata.deny"]);
});

Deno.test("mergeReloaded() unsets values", async () => {
  const running = await configOf("--host-ip=10.0.0.1");
  const { config, changed } = mergeReloaded(running, await configOf());
  assert.equal(config.interception.hostIP, undefined);
  assert.deepEqual(changed, ["interception.hostIP"]);
});

Deno.test("mergeReloaded() holds back what contradicts a value that stays", async () => {
  const running = await configOf("--iptables", "--host-ip=10.0.0.1");
  const loaded = await configOf("--iptables=false", "--log-level=warn");
  const { config, changed, needsRestart } = mergeReloaded(running, loaded);
  assert.equal(config.interception.backend, "iptables");
  assert.equal(config.interception.hostIP, "10.0.0.1");
  assert.deepEqual(changed, ["log.level"]);
  assert.deepEqual(needsRestart, [
    "interception.backend",
    "interception.hostIP",
  ]);
});

Deno.test("mergeReloaded() does not hold back what makes no contradiction worse", async () => {
  const base = await configOf("--log-level=info");
  const running = {
    ...base,
    interception: { ...base.interception, backend: "nftables" as const },
  };
  const loaded = {
    ...running,
    log: { ...running.log, level: "warn" as const },
  };
  assert.deepEqual(mergeReloaded(running, loaded).changed, ["log.level"]);
});
