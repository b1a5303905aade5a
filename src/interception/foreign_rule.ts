/** A rule of another program that is about pods' requests to the metadata server. */
export interface ForeignRule {
  /** Tool that shows it: `iptables-nft`, `ip6tables-legacy`, `nft` and the like. */
  readonly place: string;
  /** Where it stands, such as `raw PREROUTING`. */
  readonly chain: string;
  /** The rule as the tool prints it. */
  readonly text: string;
  /**
   * What it does to them: takes them out of connection tracking, so that no redirect
   * sees them, or leads them elsewhere.
   */
  readonly effect: "untracks" | "redirects";
  /** Whether the packet comes by a rule of ours first, as far as can be told. */
  readonly order: "after-ours" | "before-ours" | "unknown";
}

/** What rules of others are compared with. */
export interface OwnRedirect {
  /** Tool that sets our rules. */
  readonly backend: "iptables" | "nftables";
  /** Metadata server's IPv4 address, in canonical form. */
  readonly address: string;
  /** Metadata server's IPv6 address, in canonical form. */
  readonly ipv6Address: string;
}
