/** One thing that must be so before the daemon is ready, as readiness tells of it. */
export interface Condition {
  /** Short name. */
  readonly name: string;
  /** Whether it is so. */
  readonly ok: boolean;
  /** Why not, or in what state. */
  readonly detail: string;
}
