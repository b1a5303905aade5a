import { podObject } from "../../src/sandbox/kubernetes/objects.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { SANDBOX_NODE } from "../../src/sandbox/sandbox_pods.ts";
import { accessToken, askAsPod, TOKEN } from "../pod_client.ts";
import { podAddress } from "./pod_address.ts";
import { sleep } from "./sleep.ts";

/** One pod that asks. */
export interface AskingPod {
  readonly name: string;
  readonly namespace: string;
  /** Loopback address that it calls from. */
  readonly address: string;
  /** E-mail of its account. */
  readonly account: string;
}

/** Pods that no other pod shares an address with. */
const FIRST_INDEX = 20_000;

/** Pods that come and go in an emulated cluster, and ask a program. */
export class AskingPods {
  readonly #sandbox: Sandbox;
  readonly #namespaces: number;
  #made = 0;
  #batches = 0;

  /**
   * Creates none yet.
   *
   * @param sandbox The emulators.
   * @param namespaces How many namespaces there are, from `namespace-0` on.
   */
  constructor(sandbox: Sandbox, namespaces: number) {
    this.#sandbox = sandbox;
    this.#namespaces = namespaces;
  }

  /**
   * Thinks of pods with accounts that nobody had before, which the node may act as.
   *
   * @param pods How many.
   * @param accounts How many accounts they have, in turn.
   */
  plan(pods: number, accounts: number): readonly AskingPod[] {
    const batch = this.#batches++;
    const { iam, nodeAccount } = this.#sandbox;
    return Array.from({ length: pods }, (_, index) => {
      const account = `asking-${batch}-${
        index % accounts
      }@demo-proj.iam.gserviceaccount.com`;
      iam.accounts.grant(account, nodeAccount);
      const made = this.#made++;
      return {
        name: `asking-${made}`,
        namespace: `namespace-${made % this.#namespaces}`,
        address: podAddress(FIRST_INDEX + made),
        account,
      };
    });
  }

  /** Creates a pod, running and with its address. */
  create({ name, namespace, address, account }: AskingPod): void {
    this.#sandbox.kubernetes.cluster.create(podObject({
      name,
      namespace,
      podIP: address,
      nodeName: SANDBOX_NODE,
      annotations: { "accounts.google.com/service-account": account },
    }));
  }

  /** Removes a pod. */
  remove({ name, namespace }: AskingPod): void {
    this.#sandbox.kubernetes.cluster.remove({
      resource: "pods",
      namespace,
      name,
    });
  }

  /**
   * Asks for a pod's token.
   *
   * @param port Where the program takes requests.
   * @returns When the answer was there, as `performance.now()` tells time.
   * @throws If it is not the pod's own account's token.
   */
  async ask(pod: AskingPod, port: number): Promise<number> {
    const answer = await askAsPod(port, { from: pod.address, path: TOKEN });
    const answeredMs = performance.now();
    if (answer.status !== 200) {
      throw new Error(`${pod.name}: ${answer.status} ${answer.body}`);
    }
    const { account } = this.#sandbox.iam.describe(accessToken(answer)) ?? {};
    if (account !== pod.account) {
      throw new Error(`${pod.name} has a token of ${account}`);
    }
    return answeredMs;
  }

  /**
   * Holds IAM's first call for an account for a time.
   *
   * @param account E-mail.
   * @param ms How long.
   * @returns When the call came and when it was let go on, once that is so.
   */
  async holdIam(account: string, ms: number): Promise<Held> {
    const { faults, calls } = this.#sandbox.iam;
    const release = faults.hold({ where: (call) => call.account === account });
    await calls.reached(1, (call) => call.account === account);
    const cameMs = performance.now();
    await sleep(ms);
    const wentOnMs = performance.now();
    release();
    return { cameMs, wentOnMs };
  }
}

/** When a call of IAM came, and when it went on, as `performance.now()` tells time. */
export interface Held {
  readonly cameMs: number;
  readonly wentOnMs: number;
}
