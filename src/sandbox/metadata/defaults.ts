import {
  ACQUIRE,
  findValue,
  IDENTITY,
  listEntries,
  type MetadataDirectory,
  type MetadataValue,
  TOKEN,
} from "./tree.ts";

/** Stands in every default value that must never reach a pod. */
export const SECRET_MARKER = "NODE-SECRET";

/** Names that recur all over a node's metadata. */
export interface NodeFacts {
  /** Project id. */
  readonly projectId: string;
  /** Project number, digits only. */
  readonly projectNumber: string;
  /** Zone without its path, such as `europe-west1-b`. */
  readonly zone: string;
  /** Name of the VM, which is the name of the Kubernetes node. */
  readonly nodeName: string;
  /** Name of the cluster. */
  readonly clusterName: string;
}

/** The service account part of the tree. */
export interface NodeAccountFacts {
  /** E-mail of the node's account. */
  readonly email: string;
  /** Scopes of the node's account. */
  readonly scopes: readonly string[];
}

/** Where the entries of the oldest interface stand in the present one. */
const oldestNames: Readonly<Record<string, readonly string[]>> = {
  attributes: ["instance", "attributes"],
  hostname: ["instance", "hostname"],
  "instance-id": ["instance", "id"],
  "machine-type": ["instance", "machine-type"],
  "numeric-project-id": ["project", "numeric-project-id"],
  "project-id": ["project", "project-id"],
  zone: ["instance", "zone"],
};

/**
 * Makes what a GKE node's metadata server has below `/computeMetadata/v1/`, all but the
 * service accounts.
 *
 * @param facts Names to fill in.
 */
export function createNodeMetadata(facts: NodeFacts): MetadataDirectory {
  const project = `projects/${facts.projectNumber}`;
  return {
    instance: {
      attributes: {
        "cluster-location": facts.zone.replace(/-[a-z]$/, ""),
        "cluster-name": facts.clusterName,
        "cluster-uid":
          "5f1cf4a0d2f84b6a9d6c7e0b3a2f1e4d5c6b7a8990a1b2c3d4e5f60718293a4b",
        "configure-sh": `#!/bin/bash\necho ${SECRET_MARKER}-configure-sh\n`,
        "kube-env": [
          `KUBELET_CERT: ${SECRET_MARKER}-kubelet-cert`,
          `KUBELET_KEY: ${SECRET_MARKER}-kubelet-key`,
          `CA_CERT: ${SECRET_MARKER}-ca-cert`,
          `TPM_BOOTSTRAP_KEY: ${SECRET_MARKER}-bootstrap-key`,
        ].join("\n") + "\n",
        "ssh-keys": `admin:ssh-ed25519 ${SECRET_MARKER}-instance-ssh-key admin`,
        "startup-script":
          `#!/bin/bash\nexport TOKEN=${SECRET_MARKER}-startup-script\n`,
      },
      "cpu-platform": "Intel Broadwell",
      description: "",
      disks: [{
        "device-name": "persistent-disk-0",
        index: 0n,
        interface: "SCSI",
        mode: "READ_WRITE",
        type: "PERSISTENT-BALANCED",
      }],
      "guest-attributes": {
        sandbox: { secret: `${SECRET_MARKER}-guest-attribute` },
      },
      hostname: `${facts.nodeName}.${facts.zone}.c.${facts.projectId}.internal`,
      id: 4520031799277581759n,
      image: "projects/gke-node-images/global/images/gke-cos-stable",
      licenses: [{ id: "6880041984096540132" }, { id: "1001010000000000003" }],
      "machine-type": `${project}/machineTypes/e2-standard-4`,
      "maintenance-event": "NONE",
      name: facts.nodeName,
      "network-interfaces": [{
        "access-configs": [{
          "external-ip": "203.0.113.7",
          type: "ONE_TO_ONE_NAT",
        }],
        "dns-servers": ["169.254.169.254"],
        "forwarded-ips": [],
        gateway: "10.132.0.1",
        ip: "10.132.0.5",
        "ip-aliases": [],
        mac: "42:01:0a:84:00:05",
        mtu: 1460n,
        network: `${project}/networks/default`,
        subnetmask: "255.255.240.0",
        "target-instance-ips": [],
      }],
      "platform-security": {
        "auto-mtls-configuration":
          `{"certificate":"${SECRET_MARKER}-platform-security"}`,
      },
      preempted: "FALSE",
      "remaining-cpu-time": "-1",
      scheduling: {
        "automatic-restart": "TRUE",
        "on-host-maintenance": "MIGRATE",
        preemptible: "FALSE",
      },
      "service-accounts": {},
      tags: ["gke-sandbox-node", "http-server"],
      "virtual-clock": { "drift-token": "0" },
      zone: `${project}/zones/${facts.zone}`,
    },
    oslogin: {
      users: `{"loginProfiles":[{"name":"${SECRET_MARKER}-oslogin-user"}]}`,
    },
    project: {
      attributes: {
        "google-compute-default-region": `${SECRET_MARKER}-project-attribute`,
        "ssh-keys": `admin:ssh-ed25519 ${SECRET_MARKER}-project-ssh-key admin`,
      },
      "numeric-project-id": BigInt(facts.projectNumber),
      "project-id": facts.projectId,
    },
    universe: { "universe-domain": "googleapis.com" },
  };
}

/**
 * Makes the directory of service accounts.
 *
 * @param account The node's account, or `undefined` for a node without one.
 */
export function createServiceAccounts(
  account: NodeAccountFacts | undefined,
): MetadataDirectory {
  if (account === undefined) return {};
  const entries: MetadataDirectory = {
    aliases: ["default"],
    email: account.email,
    identity: IDENTITY,
    scopes: account.scopes,
    token: TOKEN,
  };
  return { [account.email]: entries, default: entries };
}

/**
 * Makes what the oldest interface has below `/0.1/meta-data/`, from the current tree.
 *
 * @param current What `/computeMetadata/v1/` has now.
 */
export function createOldestMetadata(
  current: MetadataDirectory,
): MetadataDirectory {
  const entries = new Map<string, MetadataValue | undefined>(
    Object.entries(oldestNames).map((
      [name, path],
    ) => [name, findValue(current, path)]),
  );
  const accounts = findValue(current, ["instance", "service-accounts"]);
  const names = (accounts === undefined ? undefined : listEntries(accounts)) ??
    [];
  entries.set(
    "service-accounts",
    Object.fromEntries(names.map(([name]) => [name, { acquire: ACQUIRE }])),
  );
  const directory: { [name: string]: MetadataValue } = {};
  for (const [name, value] of entries) {
    if (value !== undefined) directory[name] = value;
  }
  return directory;
}
