import { Compute, Impersonated, OAuth2Client } from "google-auth-library";

/** Does what an application does with the library's defaults, and prints what it got. */
const [endpoint = "", targetPrincipal = ""] = Deno.args;
const compute = new Compute();
const source = await compute.getAccessToken();
const impersonated = new Impersonated({
  sourceClient: new OAuth2Client({
    credentials: { access_token: source.token ?? "" },
  }),
  targetPrincipal,
  targetScopes: ["https://www.googleapis.com/auth/devstorage.read_only"],
  lifetime: 1800,
  delegates: [],
  endpoint,
});
const access = await impersonated.getAccessToken();
const found = {
  source: source.token,
  sourceExpiryMs: compute.credentials.expiry_date,
  identity: await compute.fetchIdToken("https://a.example"),
  access: access.token,
  accessExpiryMs: impersonated.credentials.expiry_date,
  idToken: await impersonated.fetchIdToken("https://b.example"),
};
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(found)));
