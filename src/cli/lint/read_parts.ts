import {
  readYamlStream,
  type YamlPath,
  type YamlResult,
} from "../../config/yaml.ts";
import { CONTROLLER_KINDS } from "../../core/controller.ts";
import type { SourceText } from "../read_sources.ts";
import type { Finding, Place } from "./finding.ts";
import type { Annotation, Part, Role } from "./part.ts";

/** What a text holds of manifests. */
export interface Parts {
  /** Number of objects. */
  readonly objects: number;
  /** All parts with annotations, also those that have none. */
  readonly parts: readonly Part[];
  /** What does not parse. */
  readonly findings: readonly Finding[];
}

/**
 * Reads the manifests of a text: documents of YAML or JSON, and lists of objects.
 *
 * A document that does not parse is a finding, and the others are read.
 *
 * @param source The text.
 * @param namespace Namespace of objects that name none, if it is known.
 */
export function readParts(
  { file, text }: SourceText,
  namespace?: string,
): Parts {
  const findings: Finding[] = [];
  const parts: Part[] = [];
  let objects = 0;
  for (const document of readYamlStream(text)) {
    if (document.outcome === "malformed") {
      findings.push(...document.issues.map(({ message, ...position }) => ({
        place: { file, ...position },
        severity: "error" as const,
        rule: "yaml" as const,
        object: undefined,
        message: `Does not parse: ${message}`,
        advice: "Correct the YAML; nothing in this document was checked",
      })));
      continue;
    }
    const reader = new ObjectReader({ file, document, namespace });
    for (const { path, value, kind } of listObjects(document.value)) {
      objects += 1;
      parts.push(...reader.read(path, value, kind));
    }
  }
  return { objects, parts, findings };
}

type Read = Extract<YamlResult, { outcome: "read" }>;

interface FoundObject {
  readonly path: YamlPath;
  readonly value: unknown;
  readonly kind: string;
}

/** The objects of a document: itself, or the items of a list, which need not repeat their kind. */
function* listObjects(
  value: unknown,
  path: YamlPath = [],
  impliedKind = "",
): Generator<FoundObject, void, void> {
  const kind = text(value, "kind") ?? impliedKind;
  if (kind === "") return;
  const items = field(value, "items");
  if (!kind.endsWith("List") || !Array.isArray(items)) {
    yield { path, value, kind };
    return;
  }
  for (const [index, item] of items.entries()) {
    yield* listObjects(
      item,
      [...path, "items", index],
      kind.slice(0, -"List".length),
    );
  }
}

const POD_TEMPLATE: YamlPath = ["spec", "template"];

/** Where the built-in kinds that make pods have their template. */
const TEMPLATES: ReadonlyMap<string, YamlPath> = new Map([
  ...CONTROLLER_KINDS.map(({ kind, template }): [string, YamlPath] => [
    kind,
    template,
  ]),
  ["ReplicationController", POD_TEMPLATE],
  ["PodTemplate", ["template"]],
]);

const JOB_TEMPLATE: YamlPath = ["spec", "jobTemplate"];

class ObjectReader {
  readonly #file: string;
  readonly #document: Read;
  readonly #namespace: string | undefined;

  constructor(
    { file, document, namespace }: {
      readonly file: string;
      readonly document: Read;
      readonly namespace: string | undefined;
    },
  ) {
    this.#file = file;
    this.#document = document;
    this.#namespace = namespace;
  }

  /** Yields the object itself, and the templates in it. */
  *read(
    path: YamlPath,
    value: unknown,
    kind: string,
  ): Generator<Part, void, void> {
    const metadata = field(value, "metadata");
    const isBuiltIn = isBuiltInGroup(text(value, "apiVersion") ?? "");
    const isNamespace = isBuiltIn && kind === "Namespace";
    const name = text(metadata, "name") ?? text(metadata, "generateName") ??
      "without a name";
    const namespace = isNamespace
      ? undefined
      : text(metadata, "namespace") ?? this.#namespace;
    const own = text(metadata, "namespace");
    const template = findTemplate(value, isBuiltIn ? kind : "");
    const about = {
      object: `${kind} ${own === undefined ? "" : `${own}/`}${name}`,
      name,
      namespace,
      podPath: template && [...template, "metadata", "annotations"],
    };
    const role = roleOf({ kind, isBuiltIn, template });
    if (role !== undefined) {
      yield this.#part(path, value, { ...about, role, noun: kind });
    }
    if (isBuiltIn && kind === "CronJob") {
      yield this.#part([...path, ...JOB_TEMPLATE], at(value, JOB_TEMPLATE), {
        ...about,
        role: "controller",
        noun: "job template",
      });
    }
    if (template !== undefined) {
      yield this.#part([...path, ...template], at(value, template), {
        ...about,
        role: "pod",
        noun: "pod template",
      });
    }
  }

  #part(
    path: YamlPath,
    value: unknown,
    about: Pick<
      Part,
      "role" | "noun" | "object" | "name" | "namespace" | "podPath"
    >,
  ): Part {
    const metadata = field(value, "metadata");
    const annotations = field(metadata, "annotations");
    const annotationsPath = [...path, "metadata", "annotations"];
    const isMapping = typeof annotations === "object" &&
      annotations !== null && !Array.isArray(annotations);
    return {
      ...about,
      place: this.#place("locateValue", path),
      metadata,
      spec: field(value, "spec"),
      annotations: isMapping
        ? Object.entries(annotations).map(([key, each]): Annotation => ({
          key,
          value: each,
          keyPlace: this.#place("locateKey", [...annotationsPath, key]),
          valuePlace: this.#place("locateValue", [...annotationsPath, key]),
        }))
        : [],
      malformedAt:
        isMapping || annotations === undefined || annotations === null
          ? undefined
          : this.#place("locateValue", annotationsPath),
    };
  }

  #place(locate: "locateKey" | "locateValue", path: YamlPath): Place {
    return { file: this.#file, ...this.#document[locate](path) };
  }
}

/** Groups of Kubernetes itself: `v1`, `apps/v1`, `policy/v1`, `networking.k8s.io/v1`. */
function isBuiltInGroup(apiVersion: string): boolean {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] ?? "" : "";
  return !group.includes(".") || group.endsWith(".k8s.io");
}

/** A foreign kind has a template if it looks like one: Argo's Rollout, Knative's Service. */
function findTemplate(value: unknown, builtIn: string): YamlPath | undefined {
  if (builtIn !== "") return TEMPLATES.get(builtIn);
  const containers = at(value, [...POD_TEMPLATE, "spec", "containers"]);
  return Array.isArray(containers) ? POD_TEMPLATE : undefined;
}

/** Foreign kinds without a template may do with their annotations what they like. */
function roleOf(
  { kind, isBuiltIn, template }: {
    readonly kind: string;
    readonly isBuiltIn: boolean;
    readonly template: YamlPath | undefined;
  },
): Role | undefined {
  if (template !== undefined) return "controller";
  if (!isBuiltIn) return undefined;
  if (kind === "Pod") return "pod";
  return kind === "Namespace" ? "namespace" : "other";
}

function at(value: unknown, path: YamlPath): unknown {
  return path.reduce((inside, key) => field(inside, key), value);
}

function field(object: unknown, key: string | number): unknown {
  return typeof object === "object" && object !== null &&
      Object.hasOwn(object, key)
    ? Reflect.get(object, key)
    : undefined;
}

function text(object: unknown, key: string): string | undefined {
  const value = field(object, key);
  return typeof value === "string" && value !== "" ? value : undefined;
}
