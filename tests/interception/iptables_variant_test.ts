import assert from "node:assert/strict";
import { InterceptionError } from "../../src/interception/interception_error.ts";
import { detectVariant } from "../../src/interception/iptables_variant.ts";

const HINT = "*mangle\n:PREROUTING ACCEPT [0:0]\n:KUBE-IPTABLES-HINT - [0:0]\n";
const CANARY = "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\n";
const EMPTY = "*mangle\n:PREROUTING ACCEPT [0:0]\n";

Deno.test("detectVariant() goes by the kubelet's chains", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly printed: Readonly<Record<string, string>>;
    readonly variant: string;
  }[] = [
    { name: "nothing installed", printed: {}, variant: "" },
    {
      name: "hint in nft",
      printed: { "iptables-nft-save": HINT, "iptables-legacy-save": EMPTY },
      variant: "-nft",
    },
    {
      name: "hint in nft for IPv6 only",
      printed: { "iptables-nft-save": EMPTY, "ip6tables-nft-save": CANARY },
      variant: "-nft",
    },
    {
      name: "hint in legacy",
      printed: { "iptables-nft-save": EMPTY, "iptables-legacy-save": CANARY },
      variant: "-legacy",
    },
    {
      name: "no hint",
      printed: { "iptables-nft-save": EMPTY, "iptables-legacy-save": "" },
      variant: "",
    },
    {
      name: "no hint where nft is the default",
      printed: {
        "iptables-nft-save": EMPTY,
        "iptables-legacy-save": "",
        iptables: "iptables v1.8.9 (nf_tables)\n",
      },
      variant: "-nft",
    },
    {
      name: "no hint where legacy is the default",
      printed: {
        "iptables-nft-save": EMPTY,
        "iptables-legacy-save": "",
        iptables: "iptables v1.8.9 (legacy)\n",
      },
      variant: "-legacy",
    },
    {
      name: "one kind only, without suffix",
      printed: { iptables: "iptables v1.8.9 (legacy)\n" },
      variant: "",
    },
  ];
  for (const { name, printed, variant } of cases) {
    await t.step(name, async () => {
      const detected = await detectVariant((command) => {
        const stdout = printed[command];
        return stdout === undefined
          ? Promise.reject(new InterceptionError(`${command} is missing`))
          : Promise.resolve({ code: 0, stdout, stderr: "" });
      }, 1_000);
      assert.equal(detected.suffix, variant);
    });
  }
});
