import assert from "node:assert/strict";
import { type Given, load, refusalText } from "./load.ts";

const REFUSED: Readonly<Record<string, [given: Given, text: string]>> = {
  "two listeners on one port": [
    { args: ["--admin-port=8181"] },
    "--admin-port: admin.port: contradicts server.port (default): both are 8181, on addresses that overlap; expected two ports",
  ],
  "two listeners on one port, by the file": [
    { yaml: "server:\n  port: 8182" },
    "config.yaml:2:9: server.port: contradicts admin.port (default): both are 8182, on addresses that overlap; expected two ports",
  ],
  "listeners on :: and 127.0.0.1": [
    { args: ["--app-address=::", "--app-port=8182"] },
    "--app-port: server.port: contradicts admin.port (default): both are 8182, on addresses that overlap; expected two ports",
  ],
  "a second port that is the first": [
    { args: ["--handover-port=8181"] },
    "--handover-port: server.handoverPort: contradicts server.port (default): both are 8181, on addresses that overlap; expected two ports",
  ],
  "a second port that is the admin listener's": [
    { yaml: "server:\n  handoverPort: 8182" },
    "config.yaml:2:17: server.handoverPort: contradicts admin.port (default): both are 8182, on addresses that overlap; expected two ports",
  ],
  "next hop at the own listener": [
    {
      args: ["--enable-metadata-proxy", "--metadata-proxy-addr=localhost:8181"],
    },
    "--metadata-proxy-addr: metadata.nextHop.address: contradicts server.port (default): requests would come back to this daemon; expected another address or port",
  ],
  "next hop at the own listener, by the listener's port": [
    { args: ["--enable-metadata-proxy", "--app-port=988"] },
    "--app-port: server.port: contradicts metadata.nextHop.address (default): requests would come back to this daemon; expected another address or port",
  ],
  "metadata server at the node's address and own port": [
    { args: ["--host-ip=10.0.0.1", "--metadata-addr=10.0.0.1:8181"] },
    "--metadata-addr: metadata.address: contradicts server.port (default): requests would come back to this daemon; expected another address or port",
  ],
  "metadata server without port at a listener on port 80": [
    { args: ["--app-port=80", "--metadata-addr=127.0.0.1"] },
    "--metadata-addr: metadata.address: contradicts server.port (--app-port): requests would come back to this daemon; expected another address or port",
  ],
  "metadata server at the admin listener": [
    { args: ["--metadata-addr=127.0.0.1:8182"] },
    "--metadata-addr: metadata.address: contradicts admin.port (default): requests would come back to this daemon; expected another address or port",
  ],
  "two tokens": [
    {
      yaml: "kubernetes:\n  apiTokenFile: /t",
      args: ["--api-server=https://a", "--api-token=x"],
    },
    "--api-token: kubernetes.apiToken: contradicts kubernetes.apiTokenFile (config.yaml:2): both give the token; expected one of them",
  ],
  "two API servers": [
    { args: ["--api-server=https://a", "--kubeconfig=k"] },
    "--api-server: kubernetes.apiServer: contradicts kubernetes.kubeconfig (--kubeconfig): both name the API server; expected one of them",
  ],
  "token without API server": [
    { args: ["--api-token=x"] },
    "--api-token: kubernetes.apiToken: needs kubernetes.apiServer (default): the token goes only to an API server that is named",
  ],
  "token file without API server": [
    { args: ["--api-token-file=x"] },
    "--api-token-file: kubernetes.apiTokenFile: needs kubernetes.apiServer (default): the token goes only to an API server that is named",
  ],
  "a backend without the node's address": [
    { args: ["--iptables"] },
    "--iptables: interception.backend: needs interception.hostIP (default): pods' requests are redirected to it; expected this node's address, by --host-ip or HOST_IP of the environment",
  ],
  "a backend in the file whose node's address a flag takes away": [
    {
      yaml: "interception: {backend: nftables, hostIP: 10.0.0.1}",
      args: ["--host-ip="],
    },
    "config.yaml:1:25: interception.backend: needs interception.hostIP (--host-ip): pods' requests are redirected to it; expected this node's address, by --host-ip or HOST_IP of the environment",
  ],
  "a backend with a listener on 127.0.0.0/8": [
    {
      yaml: "server: {address: 127.0.0.9}",
      args: ["--interception-backend=nftables", "--host-ip=10.0.0.1"],
    },
    "config.yaml:1:19: server.address: contradicts interception.backend (--interception-backend): the redirect would reach nobody there; expected an address that pods reach, such as 0.0.0.0",
  ],
  "a backend with a listener on ::1": [
    { args: ["--iptables=true", "--host-ip=fd00::1", "--app-address=::1"] },
    "--app-address: server.address: contradicts interception.backend (--iptables): the redirect would reach nobody there; expected an address that pods reach, such as 0.0.0.0",
  ],
};

const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
  "two listeners on port 0": ["--app-port=0", "--admin-port=0"],
  "one port on two addresses": [
    "--app-address=127.0.0.2",
    "--admin-port=8181",
  ],
  "one port on 0.0.0.0 and ::1": ["--admin-port=8181", "--admin-address=::1"],
  "next hop at the own listener, not enabled": [
    "--metadata-proxy-addr=127.0.0.1:8181",
  ],
  "metadata server elsewhere on the same port": [
    "--metadata-addr=10.0.0.7:8181",
  ],
  "metadata server on another loopback address than the listener": [
    "--app-address=127.0.0.2",
    "--metadata-addr=127.0.0.3:8181",
  ],
  "metadata server on port 80 with a free port to be picked": [
    "--app-port=0",
    "--metadata-addr=127.0.0.1",
  ],
  "a backend with a free port to be picked": [
    "--iptables",
    "--host-ip=10.0.0.1",
    "--app-port=0",
  ],
  "no backend, no node's address and a listener on loopback": [
    "--iptables=false",
    "--app-address=127.0.0.1",
  ],
  "API server without token": ["--api-server=http://127.0.0.1:1"],
};

for (const [name, [given, text]] of Object.entries(REFUSED)) {
  Deno.test(`findContradictions() refuses ${name}`, async () => {
    assert.equal(await refusalText(given), text);
  });
}

for (const [name, args] of Object.entries(ACCEPTED)) {
  Deno.test(`findContradictions() accepts ${name}`, async () => {
    await load({ args });
  });
}

Deno.test("findContradictions() finds all of them", async () => {
  const text = await refusalText({
    args: [
      "--admin-port=8181",
      "--metadata-addr=127.0.0.1:8181",
      "--kubeconfig=k",
      "--api-server=https://a",
      "--api-token=x",
      "--api-token-file=y",
    ],
  });
  assert.equal(text.split("\n").length, 5);
});
