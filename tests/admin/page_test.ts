import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { podObject } from "../../src/sandbox/kubernetes/objects.ts";
import { SANDBOX_NODE } from "../../src/sandbox/sandbox_pods.ts";
import { startTestDaemon, type TestDaemon } from "../test_daemon.ts";

const CHROMIUM = "/usr/bin/chromium";
const AXE = fileURLToPath(import.meta.resolve("axe-core/axe.min.js"));
const EVIL = `<img src=x onerror="document.title='owned'">`;
const ACCOUNT_KEY = "accounts.google.com/service-account";

/** Where screenshots are written, to be looked at. */
const SCREENSHOTS = Deno.env.get("SCREENSHOTS");

async function isInstalled(): Promise<boolean> {
  return await Deno.stat(CHROMIUM).then(() => true, () => false);
}

interface Setup extends AsyncDisposable {
  readonly daemon: TestDaemon;
  readonly page: Page;
  readonly browser: Browser;
  /** What went wrong on the page, and URLs outside the daemon. */
  readonly complaints: readonly string[];
  /** Every body that the page was sent, but the endless one. */
  readonly bodies: readonly string[];
}

async function start(): Promise<Setup> {
  await using starting = new AsyncDisposableStack();
  const daemon = starting.use(
    await startTestDaemon("--debug", "--namespace-restrictions"),
  );
  const { cluster } = daemon.sandbox.kubernetes;
  cluster.create(podObject({
    name: "evil",
    namespace: "default",
    podIP: "127.0.0.66",
    nodeName: SANDBOX_NODE,
    annotations: { [ACCOUNT_KEY]: EVIL },
  }));
  const path = "instance/service-accounts/default/token";
  for (const from of ["127.0.0.1", "127.0.0.11"]) {
    await daemon.askUntil({ from, path }, ({ status }) => status === 200);
  }
  await daemon.ask({ from: "127.0.0.13", path });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox"],
  });
  starting.defer(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  const bodies: string[] = [];
  const origin = `http://127.0.0.1:${daemon.adminPort}`;
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(request.url());
  });
  page.on("response", async (response) => {
    if (response.url().endsWith("/events")) return;
    bodies.push(await response.text());
  });
  await page.goto(`${origin}/debug/`);
  await page.getByText("live", { exact: true }).waitFor();
  const stack = starting.move();
  return {
    daemon,
    page,
    browser,
    complaints,
    bodies,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function rows(page: Page): Promise<string[]> {
  return page.locator("#pod-table tbody tr").allInnerTexts();
}

Deno.test({
  name: "the page shows who gets what, and why",
  ignore: !await isInstalled(),
  // The browser's driver keeps pipes and timers of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    await using setup = await start();
    const { page, daemon, complaints, bodies } = setup;
    await t.step("pods, the refused ones first", async () => {
      const shown = await rows(page);
      assert.equal(shown.length, 5);
      assert.match(shown[0] ?? "", /account-malformed|namespace-denied/);
      assert.match(shown[1] ?? "", /account-malformed|namespace-denied/);
      assert.match(shown.join("\n"), /allowed[\s\S]*default\/debug-shell/);
      assert.match(
        shown.join("\n"),
        /No pattern of the namespace's allow-list matches admin@/,
      );
    });
    await t.step("an annotation is text", async () => {
      assert.ok((await rows(page)).join().includes(EVIL));
      assert.equal(await page.locator("img").count(), 0);
      assert.equal(await page.title(), "Service account assigner");
    });
    await t.step("tokens with the time left, and requests", async () => {
      await page.locator("meter").first().waitFor();
      assert.equal(await page.locator("meter").count(), 2);
      const requests = await page.locator("#request-table").innerText();
      assert.match(requests, /billing\/invoices/);
      assert.match(requests, /namespace-denied/);
      assert.ok(await page.locator("#chart rect").count() >= 3);
    });
    await t.step("filters and sorts", async () => {
      await page.getByLabel("Filter").fill("billing");
      assert.equal((await rows(page)).length, 1);
      await page.getByLabel("Filter").fill("");
      await page.getByLabel("only refused").check();
      assert.equal((await rows(page)).length, 3);
      await page.getByLabel("only refused").uncheck();
      await page.getByRole("button", { name: "Pod", exact: true }).click();
      assert.match((await rows(page))[0] ?? "", /billing\/invoices/);
      await page.getByRole("button", { name: "Pod", exact: true }).click();
      assert.match((await rows(page))[0] ?? "", /shop\/outsider/);
    });
    await t.step("a pod that comes is shown without a reload", async () => {
      daemon.sandbox.kubernetes.cluster.create(podObject({
        name: "newcomer",
        namespace: "billing",
        podIP: "127.0.0.67",
        nodeName: SANDBOX_NODE,
        annotations: {
          [ACCOUNT_KEY]: "billing@demo-proj.iam.gserviceaccount.com",
        },
      }));
      await page.locator("#pod-table").getByText("newcomer").waitFor();
    });
    await t.step("the configuration, on demand", async () => {
      await page.getByText("Configuration in force").click();
      await page.locator("#config pre", { hasText: "kubernetes:" }).waitFor();
    });
    await t.step("usable with a screen reader, in both themes", async () => {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const violations = await findViolations(setup, AXE);
        assert.deepEqual(violations, []);
      }
    });
    if (SCREENSHOTS !== undefined) await takeScreenshots(page, SCREENSHOTS);
    await t.step("nothing fails, and nothing is fetched elsewhere", () => {
      assert.deepEqual(complaints, []);
    });
    await t.step("no token anywhere", async () => {
      const { iam, metadata } = daemon.sandbox;
      const written = [await page.content(), ...bodies].join("\n");
      const secrets = [...iam.tokens, ...metadata.secrets];
      assert.ok(secrets.length > 3, `${secrets.length}`);
      for (const secret of secrets) assert.ok(!written.includes(secret));
    });
  },
});

/** Runs axe in a page without the policy that keeps it out. */
async function findViolations(
  { page, browser }: Setup,
  script: string,
): Promise<readonly string[]> {
  const context = await browser.newContext({ bypassCSP: true });
  try {
    const copy = await context.newPage();
    await copy.emulateMedia({
      colorScheme: await page.evaluate(
          'matchMedia("(prefers-color-scheme: dark)").matches',
        )
        ? "dark"
        : "light",
    });
    await copy.goto(page.url());
    await copy.locator("#pod-table tbody tr").first().waitFor();
    await copy.locator("meter").first().waitFor();
    await copy.addScriptTag({ path: script });
    return await copy.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary).join(' | ')}`))",
    );
  } finally {
    await context.close();
  }
}

async function takeScreenshots(page: Page, folder: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({
        path: `${folder}/${colorScheme}-${width}.png`,
        fullPage: true,
      });
    }
  }
}
