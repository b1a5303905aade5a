import assert from "node:assert/strict";
import {
  deriveSettings,
  iamEndpointOf,
  policyOf,
} from "../../src/config/settings.ts";
import { load } from "./load.ts";

const NODE = "node@demo-proj.iam.gserviceaccount.com";
const APP = "app@demo-proj.iam.gserviceaccount.com";

Deno.test("iamEndpointOf() is the universe's own unless it is configured", async (t) => {
  const cases = [
    { args: [], endpoint: "https://iamcredentials.googleapis.com" },
    {
      args: ["--universe-domain=cloud.example"],
      endpoint: "https://iamcredentials.cloud.example",
    },
    {
      args: [
        "--universe-domain=cloud.example",
        "--iam-endpoint=http://iam.test",
      ],
      endpoint: "http://iam.test",
    },
  ];
  for (const { args, endpoint } of cases) {
    await t.step(args.join(" "), async () => {
      const { config } = await load({ args });
      assert.equal(iamEndpointOf(config.google), endpoint);
    });
  }
});

Deno.test("policyOf() resolves the default account", async (t) => {
  const cases = [
    { option: "", known: NODE, account: { kind: "none" } },
    {
      option: APP,
      known: undefined,
      account: { kind: "account", account: APP },
    },
    { option: "default", known: undefined, account: { kind: "unresolved" } },
    {
      option: "default",
      known: NODE,
      account: { kind: "account", account: NODE },
    },
  ];
  for (const { option, known, account } of cases) {
    await t.step(`${option} ${known ?? "unknown"}`, async () => {
      const { config } = await load({
        args: [
          `--default-service-account=${option}`,
          "--default-scopes=userinfo.email,cloud-platform,cloud-platform",
          "--restrictions-mode=report",
        ],
      });
      assert.deepEqual(policyOf(deriveSettings(config), known), {
        defaultAccount: account,
        defaultScopes: [
          "https://www.googleapis.com/auth/cloud-platform",
          "https://www.googleapis.com/auth/userinfo.email",
        ],
        restrictions: "report",
      });
    });
  }
});
