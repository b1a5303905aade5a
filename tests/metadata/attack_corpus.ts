import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { parse } from "yaml";

/** What an answer has to be. */
export interface RequiredAnswer {
  /** Any one of these. */
  readonly status: readonly number[];
  /** Headers with their exact values. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that must not be there. */
  readonly without: readonly string[];
  /** The exact body. */
  readonly body?: string | undefined;
  /** Regular expression that the body has to match. */
  readonly matches?: string | undefined;
  /** Texts that the body must have. */
  readonly contains: readonly string[];
  /** Texts that may be nowhere in the answer. */
  readonly excludes: readonly string[];
  /** Whether the server may end the connection instead. */
  readonly reset?: boolean | undefined;
}

/** A request but for its target. */
export interface AttackRequest {
  readonly method: string;
  readonly version: string;
  readonly headers: readonly string[];
  /** Headers besides those. */
  readonly add: readonly string[];
  readonly body?: string | undefined;
}

/** What every case has. */
interface CaseBase {
  readonly name: string;
  /** Profiles of `metadata.expose` that it holds for. */
  readonly profiles: readonly ("standard" | "gke")[];
  /** Whether neither the real metadata server nor IAM may be asked. */
  readonly untouched?: boolean | undefined;
  /** Connections that are opened before. */
  readonly besides?:
    | { readonly connections: number; readonly text: string }
    | undefined;
}

/** What is sent, and what has to come back. */
export type AttackCase =
  & CaseBase
  & (
    | AttackRequest & {
      readonly targets: readonly string[];
      readonly answer: RequiredAnswer;
    }
    | {
      readonly connection: readonly (AttackRequest & {
        readonly target: string;
        readonly answer: RequiredAnswer;
      })[];
    }
    | { readonly bytes: string; readonly answers: readonly RequiredAnswer[] }
    | {
      readonly http2: {
        readonly authority: string;
        readonly path: string;
        readonly headers: Readonly<Record<string, string>>;
      };
      readonly answer: RequiredAnswer;
    }
  );

/** An attack in all its forms. */
export interface Attack {
  readonly id: string;
  readonly attack: string;
  readonly cases: readonly AttackCase[];
  /** Where it is tested if it is no request; `test` is part of a name there. */
  readonly coveredBy: readonly {
    readonly file: string;
    readonly test: string;
  }[];
}

const ShortText = v.pipe(v.string(), v.maxLength(400));

/** Writes out the abbreviations that stand at the head of the corpus. */
const Expanded = v.pipe(
  ShortText,
  v.transform((text) =>
    text
      .replace(/\$SA\b/g, "/computeMetadata/v1/instance/service-accounts")
      .replace(/\$V1(?=\b|x)/g, "/computeMetadata/v1")
      .replace(
        /\$\(([^*]+)\*(\d+)\)/g,
        (_, part: string, count: string) => part.repeat(Number(count)),
      )
  ),
);

const Answer = v.strictObject({
  status: v.pipe(
    v.union([v.number(), v.array(v.number())]),
    v.transform((status) => [status].flat()),
  ),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  without: v.optional(v.array(v.string()), []),
  body: v.optional(v.string()),
  matches: v.optional(v.string()),
  contains: v.optional(v.array(v.string()), []),
  excludes: v.optional(v.array(v.string()), []),
  reset: v.optional(v.boolean()),
});

const sent = {
  method: v.optional(v.string(), "GET"),
  version: v.optional(v.picklist(["HTTP/1.0", "HTTP/1.1"]), "HTTP/1.1"),
  headers: v.optional(v.array(Expanded), [
    "Host: metadata.google.internal",
    "Metadata-Flavor: Google",
  ]),
  add: v.optional(v.array(Expanded), []),
  body: v.optional(v.string()),
};

const common = {
  name: ShortText,
  profiles: v.optional(v.array(v.picklist(["standard", "gke"])), [
    "standard",
    "gke",
  ]),
  untouched: v.optional(v.boolean()),
  besides: v.optional(
    v.strictObject({ connections: v.number(), text: v.string() }),
  ),
};

const Case = v.union([
  v.strictObject({
    ...common,
    ...sent,
    targets: v.array(Expanded),
    answer: Answer,
  }),
  v.strictObject({
    ...common,
    connection: v.array(
      v.strictObject({ ...sent, target: Expanded, answer: Answer }),
    ),
  }),
  v.strictObject({
    ...common,
    bytes: v.pipe(v.string(), v.transform(expandBytes)),
    answers: v.array(Answer),
  }),
  v.strictObject({
    ...common,
    http2: v.strictObject({
      authority: v.string(),
      path: Expanded,
      headers: v.optional(v.record(v.string(), v.string()), {}),
    }),
    answer: Answer,
  }),
]);

const Corpus = v.strictObject({
  attacks: v.array(v.strictObject({
    id: v.string(),
    attack: ShortText,
    cases: v.optional(v.array(Case), []),
    coveredBy: v.optional(
      v.array(v.strictObject({ file: v.string(), test: v.string() })),
      [],
    ),
  })),
});

/** Reads the attack corpus. */
export function readAttacks(): readonly Attack[] {
  const file = new URL("../testdata/attacks.yaml", import.meta.url);
  const text = Deno.readTextFileSync(fileURLToPath(file));
  return v.parse(Corpus, parse(text, { merge: true })).attacks;
}

/** Every target of the corpus, abbreviations written out. */
export function listTargets(): readonly string[] {
  const targets = readAttacks().flatMap(({ cases }) => cases).flatMap((one) => {
    if ("targets" in one) return one.targets;
    if ("connection" in one) return one.connection.map(({ target }) => target);
    return "http2" in one ? [one.http2.path] : [];
  });
  return [...new Set(targets)];
}

function expandBytes(text: string): string {
  return text
    .replaceAll("$SA", "/computeMetadata/v1/instance/service-accounts")
    .replaceAll("$V1", "/computeMetadata/v1");
}
