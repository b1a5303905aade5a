import type { Condition } from "../core/condition.ts";

/** How the node's own credentials fared when they were used last. */
export class CredentialsState {
  #isGood: boolean | undefined;
  #isIamThere = true;

  /**
   * Takes note of a call of IAM.
   *
   * @param outcome `ok` or the failure; what says nothing about the credentials is ignored.
   */
  note(outcome: string): void {
    this.#isIamThere = outcome !== "iam-unavailable";
    if (outcome === "node-credentials") this.#isGood = false;
    // IAM has told who asks.
    if (["ok", "iam-denied", "iam-rejected"].includes(outcome)) {
      this.#isGood = true;
    }
  }

  /** Whether IAM answered when it was called last. */
  get isIamThere(): boolean {
    return this.#isIamThere;
  }

  /** Tells for readiness whether the node can sign calls to IAM. */
  describe(): Condition {
    const name = "node-credentials";
    switch (this.#isGood) {
      case undefined:
        return { name, ok: true, detail: "not used yet" };
      case true:
        return { name, ok: true, detail: "IAM takes them" };
      case false:
        return {
          name,
          ok: false,
          detail:
            "cannot be had, or IAM does not take them; see the log's reason node-credentials",
        };
    }
  }
}
