import { isLoopback } from "../core/address.ts";
import type { Config, Origin } from "./config.ts";
import { type ConfigIssue, issueAt } from "./config_error.ts";
import { parseHostPort } from "./host_port.ts";
import { describeOrigin } from "./origin.ts";

/** Two options whose values cannot both hold. */
interface Contradiction {
  readonly path: string;
  readonly relation: "contradicts" | "needs";
  readonly other: string;
  /** Why, and what is accepted. */
  readonly reason: string;
}

interface Listener {
  readonly path: string;
  readonly address: string;
  readonly port: number;
}

/**
 * Finds values that are fine alone and impossible together.
 *
 * @param config Decoded configuration.
 * @param origins Origin of every value by key path.
 * @returns An issue for each contradiction, placed at a value that was set.
 */
export function findContradictions(
  config: Config,
  origins: ReadonlyMap<string, Origin>,
): readonly ConfigIssue[] {
  function originOf(path: string): Origin {
    return origins.get(path) ?? { kind: "default" };
  }
  return [
    ...findListenerClash(config),
    ...findLoops(config),
    ...findApiServerClashes(config.kubernetes),
    ...findDeadRedirects(config),
  ].map(({ path, relation, other, reason }) => {
    const [blamed, second] = originOf(path).kind === "default"
      ? [other, path]
      : [path, other];
    const name = `${second} (${describeOrigin(originOf(second))})`;
    return issueAt(originOf(blamed), {
      path: blamed,
      message: `${relation} ${name}: ${reason}`,
    });
  });
}

function findListenerClash(config: Config): readonly Contradiction[] {
  const { server, admin } = config;
  const [port, handoverPort, adminPort] = [
    { path: "server.port", port: server.port },
    { path: "server.handoverPort", port: server.handoverPort },
    { path: "admin.port", port: admin.port },
  ];
  const withAdmin = overlap(server.address, admin.address)
    ? [[port, adminPort], [handoverPort, adminPort]] as const
    : [];
  return [[port, handoverPort] as const, ...withAdmin]
    .filter(([one, other]) => one.port !== 0 && one.port === other.port)
    .map(([one, other]) => ({
      path: one.path,
      relation: "contradicts",
      other: other.path,
      reason:
        `both are ${one.port}, on addresses that overlap; expected two ports`,
    }));
}

function findLoops(config: Config): readonly Contradiction[] {
  const { metadata, server, admin, interception } = config;
  const listeners: readonly Listener[] = [
    { path: "server.port", ...server },
    {
      path: "server.handoverPort",
      address: server.address,
      port: server.handoverPort,
    },
    { path: "admin.port", ...admin },
  ];
  const targets = [
    { path: "metadata.address", address: metadata.address },
    ...(metadata.nextHop.enabled
      ? [{
        path: "metadata.nextHop.address",
        address: metadata.nextHop.address,
      }]
      : []),
  ];
  return targets.flatMap(({ path, address }) =>
    listeners
      .filter((listener) => reaches(address, listener, interception.hostIP))
      .map(({ path: other }) => ({
        path,
        relation: "contradicts" as const,
        other,
        reason:
          "requests would come back to this daemon; expected another address or port",
      }))
  );
}

function findApiServerClashes(
  kubernetes: Config["kubernetes"],
): readonly Contradiction[] {
  const { apiServer, apiToken, apiTokenFile, kubeconfig } = kubernetes;
  const found: Contradiction[] = [];
  if (apiToken !== undefined && apiTokenFile !== undefined) {
    found.push({
      path: "kubernetes.apiToken",
      relation: "contradicts",
      other: "kubernetes.apiTokenFile",
      reason: "both give the token; expected one of them",
    });
  }
  if (apiServer !== undefined && kubeconfig !== undefined) {
    found.push({
      path: "kubernetes.apiServer",
      relation: "contradicts",
      other: "kubernetes.kubeconfig",
      reason: "both name the API server; expected one of them",
    });
  }
  const tokens = { apiToken, apiTokenFile };
  for (const [key, token] of Object.entries(tokens)) {
    if (token === undefined || apiServer !== undefined) continue;
    found.push({
      path: `kubernetes.${key}`,
      relation: "needs",
      other: "kubernetes.apiServer",
      reason: "the token goes only to an API server that is named",
    });
  }
  return found;
}

function findDeadRedirects(config: Config): readonly Contradiction[] {
  const { interception, server } = config;
  if (interception.backend === "none") return [];
  const found: Contradiction[] = [];
  if (interception.hostIP === undefined) {
    found.push({
      path: "interception.backend",
      relation: "needs",
      other: "interception.hostIP",
      reason:
        "pods' requests are redirected to it; expected this node's address, by --host-ip or HOST_IP of the environment",
    });
  }
  if (isLoopback(server.address)) {
    found.push({
      path: "server.address",
      relation: "contradicts",
      other: "interception.backend",
      reason:
        "the redirect would reach nobody there; expected an address that pods reach, such as 0.0.0.0",
    });
  }
  return found;
}

/** Tells whether connecting to an address would arrive at a listener of this process. */
function reaches(
  address: string,
  listener: Listener,
  hostIP: string | undefined,
): boolean {
  const target = parseHostPort(address);
  if (target === undefined || (target.port ?? 80) !== listener.port) {
    return false;
  }
  const host = target.host === "localhost" ? "127.0.0.1" : target.host;
  const isOwn = isLoopback(host) || isWildcard(host) || host === hostIP;
  return host === listener.address ||
    (isOwn && isWildcard(listener.address) && overlap(host, listener.address));
}

function overlap(left: string, right: string): boolean {
  return left === right || covers(left, right) || covers(right, left);
}

/** Listening on `::` takes IPv4 too, on `0.0.0.0` only IPv4. */
function covers(wildcard: string, address: string): boolean {
  return wildcard === "::" ||
    (wildcard === "0.0.0.0" && !address.includes(":"));
}

function isWildcard(address: string): boolean {
  return address === "::" || address === "0.0.0.0";
}
