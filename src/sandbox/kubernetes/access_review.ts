import { type ApiUser, isAllowed } from "./access.ts";
import type { KubernetesExchange } from "./exchange.ts";
import { isJsonObject, objectAt, textAt, valueAt } from "./json.ts";
import { readObject } from "./request_body.ts";
import { sendJson } from "./response.ts";
import { badRequest, invalid } from "./status.ts";

const API_VERSION = "authorization.k8s.io/v1";
const KIND = "SelfSubjectAccessReview";

/**
 * Answers a user who asks what it may do.
 *
 * @param exchange Request and response.
 * @param user Who asks.
 * @throws {KubernetesStatusError} If the body is no review of a resource (400, 422).
 */
export async function answerAccessReview(
  { request, response }: KubernetesExchange,
  user: ApiUser,
): Promise<void> {
  const review = await readObject(request, "application/json");
  const { kind = KIND, apiVersion = API_VERSION } = review;
  if (kind !== KIND || apiVersion !== API_VERSION) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${API_VERSION})`,
    );
  }
  if (!isJsonObject(valueAt(review, "spec.resourceAttributes"))) {
    throw invalid({ kind: KIND, name: "", group: "authorization.k8s.io" }, [{
      reason: "FieldValueInvalid",
      message:
        "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
      field: "spec.resourceAttributes",
    }]);
  }
  const wanted = objectAt(review, "spec.resourceAttributes");
  const subresource = textAt(wanted, "subresource");
  const allowed = isAllowed(user, {
    verb: textAt(wanted, "verb"),
    resource: textAt(wanted, "resource") +
      (subresource === "" ? "" : `/${subresource}`),
  });
  sendJson(response, 201, {
    kind: KIND,
    apiVersion: API_VERSION,
    metadata: {},
    spec: objectAt(review, "spec"),
    status: { allowed },
  });
}
