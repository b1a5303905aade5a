import { adviseOn } from "../../core/advice.ts";
import type { AllowList } from "../../core/allow_list.ts";
import { decide, type Policy } from "../../core/policy.ts";
import { decodeNamespace } from "../../kubernetes/decode.ts";
import type { Finding, Place } from "./finding.ts";
import { type Annotation, findAnnotation, type Part } from "./part.ts";
import { podOf } from "./pod_of.ts";
import type { LintSettings } from "./settings.ts";

/** The allow-list of a namespace whose object is among the manifests. */
interface KnownNamespace {
  readonly allowList: AllowList;
  readonly place: Place | undefined;
}

/**
 * Finds pods that the daemon will refuse, given the namespaces among the same manifests.
 *
 * What the values by themselves make it refuse is found elsewhere.
 *
 * @param parts All parts of all manifests.
 * @param settings What the daemon decides by.
 */
export function checkDecisions(
  parts: readonly Part[],
  settings: LintSettings,
): readonly Finding[] {
  const namespaces = findNamespaces(parts, settings);
  return parts.flatMap((part) => {
    const { serviceAccount, scopes } = settings.keys;
    const annotation = findAnnotation(part, serviceAccount) ??
      findAnnotation(part, scopes);
    return annotation === undefined
      ? []
      : checkPod(part, { settings, namespaces, annotation });
  });
}

/** Of two objects of the same name the later counts, as when both are applied. */
function findNamespaces(
  parts: readonly Part[],
  { keys }: LintSettings,
): ReadonlyMap<string, KnownNamespace> {
  const namespaces = new Map<string, KnownNamespace>();
  for (const part of parts) {
    if (part.role !== "namespace") continue;
    const decoded = decodeNamespace({ metadata: part.metadata }, keys);
    if (decoded === undefined) continue;
    const place = findAnnotation(part, keys.allowedServiceAccounts)?.keyPlace;
    namespaces.set(decoded.name, { allowList: decoded.allowList, place });
  }
  return namespaces;
}

function checkPod(
  part: Part,
  { settings, namespaces, annotation }: {
    readonly settings: LintSettings;
    readonly namespaces: ReadonlyMap<string, KnownNamespace>;
    readonly annotation: Annotation;
  },
): readonly Finding[] {
  const { keys, policy } = settings;
  const pod = podOf(part, settings);
  if (pod === undefined || pod.hostNetwork) return [];
  const known = namespaces.get(pod.namespace);
  const restrictions = restrictionsFor(policy, known);
  const decision = decide({ ...policy, restrictions }, pod, known?.allowList);
  if (decision.outcome === "allow") return [];
  const { object } = part;
  if (decision.reason === "no-account") {
    return [{
      place: annotation.keyPlace,
      severity: "warning",
      rule: "no-account",
      object,
      message: `${annotation.key} has no effect without an account`,
      advice: adviseOn("no-account", { keys, namespace: pod.namespace }),
    }];
  }
  if (decision.reason !== "namespace-denied") return [];
  const account = pod.accountAnnotation?.trim() ?? "the default account";
  return [{
    place: annotation.valuePlace,
    severity: policy.restrictions === "enforce" ? "error" : "warning",
    rule: "namespace-denied",
    object,
    message: `${decision.message} (namespace ${pod.namespace}${
      describe(known)
    })`,
    advice:
      `Add a pattern of ${account} to ${keys.allowedServiceAccounts} of the namespace`,
  }];
}

/**
 * A list is held against the pods even where the daemon does not look at it: it was written
 * to be kept. A namespace without one says nothing until lists count.
 */
function restrictionsFor(
  { restrictions }: Policy,
  known: KnownNamespace | undefined,
): Policy["restrictions"] {
  if (known === undefined) return "off";
  const isSilent = restrictions === "off" && known.allowList.kind === "absent";
  return isSilent ? "off" : "enforce";
}

function describe(known: KnownNamespace | undefined): string {
  if (known?.place === undefined) return "";
  const { file, line, column } = known.place;
  return `, ${file}:${line}:${column}`;
}
