import { PathGlob } from "./path_glob.ts";

/** Which of the real metadata server's entries pods may see; paths are relative to `/computeMetadata/v1/`. */
export interface ExposureOptions {
  /**
   * `standard`: all but what holds secrets of the node; `gke`: only what GKE's
   * own metadata server shows; `all`: everything under `instance/` and `project/`.
   */
  readonly expose: "standard" | "gke" | "all";
  /** Path globs shown in addition. */
  readonly allow: readonly string[];
  /** Path globs concealed, with all below; they win over `allow`. */
  readonly deny: readonly string[];
}

const CLUSTER_ATTRIBUTES = [
  "instance/attributes/cluster-name",
  "instance/attributes/cluster-location",
  "instance/attributes/cluster-uid",
];

/** How the real server writes names; another spelling of a concealed one must not get through. */
const NAME = /^[a-z0-9-]+$/;

/** Service accounts are never the real server's to show, wherever it should have them one day. */
const ACCOUNTS = /^service-?accounts$/i;

interface Profile {
  readonly open: readonly string[];
  readonly concealed: readonly string[];
  /** Exceptions from `concealed`. */
  readonly except: readonly string[];
  /** Directories of the metadata table that may hold more than the table says. */
  readonly unlisted: readonly string[];
}

const PROFILES: Readonly<Record<ExposureOptions["expose"], Profile>> = {
  standard: {
    open: ["instance/**", "project/**"],
    concealed: [
      "instance/attributes/*/**",
      "instance/guest-attributes/**",
      "instance/licenses/**",
      "instance/platform-security/**",
      "project/attributes/**",
    ],
    except: CLUSTER_ATTRIBUTES,
    unlisted: ["", "instance", "project"],
  },
  gke: {
    open: [
      "instance",
      "instance/attributes",
      ...CLUSTER_ATTRIBUTES,
      "instance/hostname",
      "instance/id",
      "instance/zone",
      "project",
      "project/numeric-project-id",
      "project/project-id",
    ],
    concealed: [],
    except: [],
    unlisted: [],
  },
  all: {
    open: ["instance/**", "project/**"],
    concealed: [],
    except: [],
    unlisted: ["", "instance", "instance/attributes", "project"],
  },
};

/** Decides which entries of the real metadata server pods may see. */
export class Exposure {
  readonly #open: readonly PathGlob[];
  readonly #concealed: readonly PathGlob[];
  readonly #except: readonly PathGlob[];
  readonly #allow: readonly PathGlob[];
  readonly #deny: readonly PathGlob[];
  readonly #unlisted: readonly string[];

  /**
   * Compiles the operator's choice.
   *
   * @param options Profile and additions to it.
   */
  constructor(options: ExposureOptions) {
    const profile = PROFILES[options.expose];
    this.#open = compile(profile.open);
    this.#concealed = compile(profile.concealed);
    this.#except = compile(profile.except);
    this.#allow = compile(options.allow);
    this.#deny = compile(options.deny);
    // What a glob allows can be anywhere, and only the real server knows what there is.
    this.#unlisted = options.allow.length > 0
      ? PROFILES.all.unlisted
      : profile.unlisted;
  }

  /**
   * Tells whether pods may see an entry that the real server has.
   *
   * @param path Path relative to `/computeMetadata/v1/`, without trailing slash.
   * @returns `false` for service accounts and other roots in every profile.
   */
  shows(path: string): boolean {
    const [root, second = ""] = path.split("/");
    if (root !== "instance" && root !== "project") return false;
    if (path.includes("//") || path !== root && !NAME.test(second)) {
      return false;
    }
    if (path.split("/").some((segment) => ACCOUNTS.test(segment))) return false;
    if (ancestors(path).some((ancestor) => matchesAny(this.#deny, ancestor))) {
      return false;
    }
    if (matchesAny(this.#allow, path)) return true;
    if (!matchesAny(this.#open, path)) return false;
    return !matchesAny(this.#concealed, path) || matchesAny(this.#except, path);
  }

  /**
   * Tells whether a directory of the metadata table may hold more for pods than the
   * table says, so that the real server has to be asked.
   *
   * @param directory Path relative to `/computeMetadata/v1/`, without trailing slash.
   */
  mayHoldMore(directory: string): boolean {
    return this.#unlisted.includes(directory);
  }
}

function compile(patterns: readonly string[]): readonly PathGlob[] {
  return patterns.map((pattern) => new PathGlob(pattern));
}

function matchesAny(globs: readonly PathGlob[], path: string): boolean {
  return globs.some((glob) => glob.matches(path));
}

/** The path and every directory above it. */
function ancestors(path: string): readonly string[] {
  const segments = path.split("/");
  return segments.map((_, index) => segments.slice(0, index + 1).join("/"));
}
