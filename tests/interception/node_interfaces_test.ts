import assert from "node:assert/strict";
import { InterceptionError } from "../../src/interception/interception_error.ts";
import { listInterfaces } from "../../src/interception/node_interfaces.ts";

const ADDRESSES = [
  { name: "eth0", address: "10.128.0.2" },
  { name: "eth0", address: "fd00:128::2" },
  { name: "cbr0", address: "10.4.0.1" },
];

/** Printed by iproute2 6.1, without what is not read. */
const PRINTED = `[
  {"ifindex":2,"ifname":"eth0","linkinfo":{"info_kind":"veth"}},
  {"ifindex":3,"ifname":"cbr0","linkinfo":{"info_kind":"bridge","info_data":{"forward_delay":1500}}},
  {"ifindex":5,"ifname":"veth1","master":"cbr0","linkinfo":{"info_kind":"veth","info_slave_kind":"bridge"}},
  {"ifindex":6,"ifname":"eth1","master":"bond0","linkinfo":{"info_slave_kind":"bond"}},
  {"ifindex":7,"ifname":"gke1","linkinfo":{"info_kind":"veth"}},
  {}
]`;

Deno.test("listInterfaces() knows interfaces without an address, and ports of bridges", async () => {
  const interfaces = await listInterfaces(ADDRESSES, (command, args) => {
    assert.deepEqual(
      [command, ...args],
      ["ip", "-details", "-json", "link", "show"],
    );
    return Promise.resolve({ code: 0, stdout: PRINTED, stderr: "" });
  });
  assert.deepEqual(interfaces, [
    {
      name: "eth0",
      addresses: ["10.128.0.2", "fd00:128::2"],
      bridge: undefined,
    },
    { name: "cbr0", addresses: ["10.4.0.1"], bridge: undefined },
    { name: "veth1", addresses: [], bridge: "cbr0" },
    { name: "eth1", addresses: [], bridge: undefined },
    { name: "gke1", addresses: [], bridge: undefined },
  ]);
});

Deno.test("listInterfaces() makes do without ip", async () => {
  const expected = [
    {
      name: "eth0",
      addresses: ["10.128.0.2", "fd00:128::2"],
      bridge: undefined,
    },
    { name: "cbr0", addresses: ["10.4.0.1"], bridge: undefined },
  ];
  assert.deepEqual(
    await listInterfaces(
      ADDRESSES,
      () => Promise.reject(new InterceptionError("ip is not installed")),
    ),
    expected,
  );
  assert.deepEqual(
    await listInterfaces(
      ADDRESSES,
      () => Promise.resolve({ code: 1, stdout: "", stderr: "?" }),
    ),
    expected,
  );
});
