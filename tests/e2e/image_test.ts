import assert from "node:assert/strict";
import { findMissingTools } from "./base_images.ts";
import { BuiltImage } from "./built_image.ts";
import { KINDS } from "./guarded_node.ts";
import { ImageNode } from "./image_node.ts";
import { type ContainerSpec, readContainers } from "./manifests.ts";

const MAX_BYTES = 120_000_000;
/** Most memory of a daemon that has just started; without the cache it takes 50 MB more. */
const MAX_PEAK_BYTES = 95_000_000;
const UNWANTED =
  /\/(apt|apt-get|dpkg|rpm|apk|npm|npx|pip\d*|gcc|cc|ld|as|make|(ba|da|)sh|busybox|perl[\d.]*|python[\d.]*)$/;

const missing = await findMissingTools();
const name = missing.length === 0
  ? "the image"
  : `the image (not tested without ${missing.join(", ")})`;

Deno.test({ name, ignore: missing.length > 0 }, async (t) => {
  await using image = await BuiltImage.build({
    VERSION: "1.2.3",
    COMMIT: "abcdef",
    SOURCE: "https://example.com/source",
  });

  const { guard } = await readContainers();

  const bytes = await image.size();
  await t.step(`has ${Math.round(bytes / 1e6)} MB, at most 120`, () => {
    assert.ok(bytes <= MAX_BYTES, `${bytes} bytes`);
  });

  await t.step("has nothing to install, compile or script with", async () => {
    const files = await image.listFiles();
    for (const path of ["/usr/local/bin/deno", "/usr/sbin/xtables-nft-multi"]) {
      assert.ok(files.includes(path), path);
    }
    assert.deepEqual(files.filter((path) => UNWANTED.test(path)), []);
  });

  await t.step("says what it is", () => {
    const { Labels } = image.config;
    const label = (name: string): unknown =>
      Labels[`org.opencontainers.image.${name}`];
    assert.equal(label("title"), "k8s-gke-service-account-assigner");
    assert.equal(label("licenses"), "Apache-2.0");
    assert.equal(label("version"), "1.2.3");
    assert.equal(label("revision"), "abcdef");
    assert.equal(label("source"), "https://example.com/source");
  });

  for (const kind of KINDS) {
    await t.step(`serves pods with ${kind}`, async (t) => {
      await using node = await ImageNode.create({ image, kind });

      await t.step("without a capability it tells which", async () => {
        const { code, said } = await (await node.startGuard({
          securityContext: withoutCapability(guard, "NET_ADMIN"),
        })).end();
        assert.equal(code, 1, said);
        assert.match(said, /needs uid 0 with the capabilities NET_ADMIN/);
      });

      if (kind === "iptables-legacy") {
        await t.step("without the node's lock it tells so", async () => {
          const volumeMounts = guard.volumeMounts
            .filter(({ name }) => name !== "xtables-lock");
          assert.equal(volumeMounts.length, guard.volumeMounts.length - 1);
          const { code, said } = await (await node.startGuard({ volumeMounts }))
            .end();
          assert.equal(code, 1, said);
          assert.match(said, /can't open lock file \/run\/xtables\.lock/);
        });
      }

      await t.step("pods are refused from the guard on", async () => {
        const { code, said } = await (await node.startGuard()).end();
        assert.equal(code, 0, said);
        await node.assertRefused();
      });

      await t.step("SIGTERM ends it while it starts", async () => {
        const starting = await node.startDaemon();
        await starting.hear("Starting");
        await starting.kill("TERM");
        const { code, said } = await starting.end();
        assert.equal(code, 0, said);
        await node.assertRefused();
      });

      const daemon = await node.startDaemon();
      await t.step("each pod has its own account and token", async () => {
        await daemon.hear("redirect to port");
        await node.assertServed();
        const [first, second] = (await node.askAll("/token"))
          .map((answer) => JSON.parse(Object(answer).body));
        assert.equal(first.token_type, "Bearer");
        assert.notEqual(first.access_token, second.access_token);
      });

      await t.step("the startup probe tells that it is ready", async () => {
        const { daemon: { startupProbe } } = await readContainers();
        assert.ok(startupProbe);
        const { code, stdout, stderr } = await daemon.exec(
          ...startupProbe.exec.command,
        );
        assert.equal(code, 0, stderr);
        assert.match(stdout, /\[\+\]interception ok: .*redirect to port 8181/);
      });

      await t.step("removal of all rules is healed", async () => {
        await node.network.exec("node", "nft", "flush", "ruleset");
        await node.assertServed(20);
      });

      await t.step("a command runs beside the daemon", async () => {
        const { code, stdout, stderr } = await daemon.exec(
          "saassigner",
          "--version",
        );
        assert.equal(code, 0, stderr);
        assert.match(stdout, /\(commit abcdef, Deno 2\.\d+\.\d+\)\n$/);
      });

      await t.step("it may read its own files only", async () => {
        const { code, stderr } = await daemon.exec(
          ...["saassigner", "config", "check", "/etc/protocols"],
        );
        assert.equal(code, 2);
        assert.match(stderr, /started without permission to read it/);
      });

      await t.step("it starts from what Deno has cached", async () => {
        const bytes = await daemon.peakMemory();
        assert.ok(bytes < MAX_PEAK_BYTES, `${bytes} bytes`);
      });

      await t.step("SIGTERM ends it with 0, and pods are refused", async () => {
        await daemon.kill("TERM");
        const { code, said } = await daemon.end();
        assert.equal(code, 0, said);
        await node.assertRefused();
      });

      await t.step("SIGKILL leaves pods refused, too", async () => {
        const again = await node.startDaemon();
        await again.hear("redirect to port");
        await node.assertServed();
        await again.kill("KILL");
        assert.equal((await again.end()).code, 137);
        await node.assertRefused();
      });
    });
  }
});

function withoutCapability(
  { securityContext }: ContainerSpec,
  name: string,
): ContainerSpec["securityContext"] {
  const { drop, add } = securityContext.capabilities;
  assert.ok(add.includes(name));
  const rest = add.filter((added) => added !== name);
  return { ...securityContext, capabilities: { drop, add: rest } };
}
