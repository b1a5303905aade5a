import fc from "fast-check";
import { listTargets } from "./attack_corpus.ts";

/** A request as it goes over the wire. */
export interface HostileRequest {
  readonly method: string;
  /** Target as sent. */
  readonly target: string;
  /** Header fields in order, Host among them. */
  readonly headers: readonly (readonly [string, string])[];
}

const V1 = "/computeMetadata/v1";
const SA = `${V1}/instance/service-accounts`;

/** What clients rightly ask, and what an attacker wants. */
const SEEDS: readonly string[] = [
  "/",
  `${V1}/`,
  `${V1}/?recursive=true`,
  `${V1}/instance`,
  `${V1}/instance/?recursive=true&alt=text`,
  `${V1}/instance/attributes/`,
  `${V1}/instance/attributes/cluster-name`,
  `${V1}/instance/attributes/kube-env`,
  `${V1}/instance/guest-attributes/`,
  `${V1}/instance/network-interfaces/0/ip`,
  `${V1}/instance/zone?alt=json`,
  `${V1}/project/`,
  `${V1}/project/?recursive=true`,
  `${V1}/project/attributes/ssh-keys`,
  `${V1}/project/project-id?last_etag=0`,
  `${V1}/universe/universe-domain`,
  SA,
  `${SA}/?recursive=true`,
  `${SA}/default`,
  `${SA}/default/?recursive=true`,
  `${SA}/default/email`,
  `${SA}/default/identity?audience=https://a.example&format=full`,
  `${SA}/default/scopes?alt=json`,
  `${SA}/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform`,
  `${SA}/app@demo-proj.iam.gserviceaccount.com/token`,
  `${SA}/billing@demo-proj.iam.gserviceaccount.com/token`,
];

/** Texts that mean something to some reader of a target. */
const TOKENS: readonly string[] = [
  "/",
  "//",
  "/../",
  "/./",
  "..",
  "%2e%2e/",
  "%2f",
  "%252f",
  "%5c",
  "\\",
  "%00",
  "%0d%0a",
  "%",
  "%zz",
  "%ff",
  ";",
  ";x=1",
  "#",
  "?",
  "&",
  "=",
  "@",
  ":",
  "*",
  "+",
  "$",
  ".",
  "~",
  "\u00e9",
  "recursive=true",
  "&recursive=True",
  "?recursive",
  "&alt=json",
  "&alt=text",
  "wait_for_change=true",
  "&timeout_sec=1e9",
  "&scopes=cloud-platform",
  "&audience=%F0%9F%92%A9",
  "&audience=a%0d%0ab",
  "computeMetadata",
  "v1",
  "v1beta1",
  "0.1",
  "instance",
  "project",
  "attributes",
  "kube-env",
  "service-accounts",
  "default",
  "token",
  "__proto__",
  "constructor",
  "http://metadata.google.internal",
  "http://evil.example/",
];

const seed = fc.constantFrom(...SEEDS, ...listTargets());
const token = fc.oneof(
  fc.constantFrom(...TOKENS),
  fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
  fc.integer({ min: 0, max: 0xff }).map((octet) =>
    `%${octet.toString(16).padStart(2, "0")}`
  ),
  fc.integer({ min: 1, max: 9_000 }).map((length) => "a".repeat(length)),
);
const position = fc.double({ min: 0, max: 1, noNaN: true });

type Mutation = (target: string) => string;

/** Mutations of a target; positions are parts of its length, so that they shrink well. */
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(position, token).map(([at, text]): Mutation => (target) => {
    const cut = Math.floor(at * target.length);
    return target.slice(0, cut) + text + target.slice(cut);
  }),
  fc.tuple(position, token).map(([at, text]): Mutation => (target) => {
    const cut = Math.floor(at * target.length);
    return target.slice(0, cut) + text + target.slice(cut + 1);
  }),
  fc.tuple(position, position).map(([from, length]): Mutation => (target) => {
    const cut = Math.floor(from * target.length);
    return target.slice(0, cut) +
      target.slice(cut + 1 + Math.floor(length * 12));
  }),
  position.map((at): Mutation => (target) => {
    const cut = Math.floor(at * target.length);
    const code = target.charCodeAt(cut);
    return Number.isNaN(code)
      ? target
      : `${target.slice(0, cut)}%${code.toString(16).padStart(2, "0")}${
        target.slice(cut + 1)
      }`;
  }),
  position.map((at): Mutation => (target) => {
    const cut = Math.floor(at * target.length);
    const letter = target.charAt(cut);
    const other = letter === letter.toUpperCase()
      ? letter.toLowerCase()
      : letter.toUpperCase();
    return target.slice(0, cut) + other + target.slice(cut + 1);
  }),
  fc.tuple(fc.nat(8), token).map(([index, text]): Mutation => (target) => {
    const segments = target.split("/");
    segments.splice(index % (segments.length + 1), 0, text);
    return segments.join("/");
  }),
  fc.tuple(fc.nat(8), token).map(([index, text]): Mutation => (target) =>
    target.split("/")
      .map((part, at) => at === index ? text : part).join("/")
  ),
  seed.map((other): Mutation => (target) =>
    target + (target.includes("?") ? "&" : "?") + other.split("?").at(-1)
  ),
  seed.map((other): Mutation => (target) => target + other),
);

const target = fc.tuple(seed, fc.array(mutation, { maxLength: 4 }))
  .map(([start, mutations]) =>
    mutations.reduce((text, mutate) => mutate(text), start)
  );

const host = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      "metadata.google.internal",
      "metadata.google.internal.",
      "METADATA:80",
      "169.254.169.254",
      "[fd20:ce::254]:80",
      "localhost:8181",
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "evil.example",
      "metadata.google.internal/computeMetadata/v1",
      `metadata${V1}/instance/attributes/kube-env?`,
      `localhost:80${SA}`,
      "x@metadata",
      "metadata#",
      "metadata\\",
      "ev il",
      "",
      ":80",
      "[::1",
      "metadata:99999",
      "a".repeat(300),
    ),
  },
  { weight: 1, arbitrary: token },
);

const flavor = fc.oneof(
  { weight: 12, arbitrary: fc.constant("Google") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "google",
      "",
      "Google, Google",
      "Google;",
      "Other",
      "\u00e9",
    ),
  },
);

type Field = readonly [string, string];

/** Fields besides Host and flavor; none announces a body. */
const oddField: fc.Arbitrary<Field> = fc.constantFrom<Field[]>(
  ["X-Forwarded-For", "1.2.3.4"],
  ["x-forwarded-for", ""],
  ["Connection", "keep-alive, X-Forwarded-For"],
  ["Connection", "Metadata-Flavor"],
  ["Metadata-Flavor", "Google"],
  ["Host", "evil.example"],
  ["X-Real-IP", "127.0.0.11"],
  ["Forwarded", "for=127.0.0.11;host=metadata"],
  ["X-HTTP-Method-Override", "PUT"],
  ["X-Original-URL", `${V1}/instance/attributes/kube-env`],
  ["X-Google-Metadata-Request", "True"],
  ["Upgrade", "h2c"],
  ["Accept-Encoding", "gzip, br"],
  ["Range", "bytes=0-3"],
  ["If-None-Match", "*"],
  ["Authorization", "Bearer x"],
  ["Origin", "http://evil.example"],
  ["X-Long", "x".repeat(20_000)],
);

const method = fc.oneof(
  { weight: 20, arbitrary: fc.constant("GET") },
  { weight: 3, arbitrary: fc.constant("HEAD") },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "POST",
      "PUT",
      "DELETE",
      "OPTIONS",
      "TRACE",
      "PROPFIND",
      "get",
      "G",
      "GET,HEAD",
    ),
  },
);

/** Requests near those that clients and attackers make. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc.record({
  method,
  target,
  host: fc.option(host, { freq: 40, nil: undefined }),
  flavor: fc.option(flavor, { freq: 12, nil: undefined }),
  odd: fc.oneof(
    { weight: 3, arbitrary: fc.constant<readonly Field[]>([]) },
    { weight: 1, arbitrary: fc.array(oddField, { maxLength: 3 }) },
  ),
}).map(({ method, target, host, flavor, odd }) => ({
  method,
  target,
  headers: [
    ...host === undefined ? [] : [["Host", host] as const],
    ...flavor === undefined ? [] : [["Metadata-Flavor", flavor] as const],
    ...odd,
  ],
}));
