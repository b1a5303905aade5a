// What an application does with Google's libraries, told where the metadata
// server is by GCE_METADATA_HOST alone. Prints what it got as JSON.
import process from "node:process";
import { instance, isAvailable, project, universe } from "gcp-metadata";
import { Compute, GoogleAuth } from "google-auth-library";

const audience = "https://audience.example";
const scopes = "https://www.googleapis.com/auth/cloud-platform";
const auth = new GoogleAuth({ scopes });
const client = await auth.getClient();
const idTokenClient = await auth.getIdTokenClient(audience);

const refreshed = [];
for (let time = 0; time < 3; time += 1) {
  const { credentials } = await client.refreshAccessToken();
  refreshed.push(credentials);
}
const asNew = await new GoogleAuth({ scopes }).getAccessToken();

const got = {
  isAvailable: await isAvailable(),
  isCompute: client instanceof Compute,
  accessToken: (await client.getAccessToken()).token,
  refreshed: refreshed.map((credentials) => credentials.access_token),
  leftMs: refreshed.map(({ expiry_date }) => expiry_date - Date.now()),
  asNew,
  idToken: await idTokenClient.idTokenProvider.fetchIdToken(audience),
  projectId: await auth.getProjectId(),
  project: await project("project-id"),
  universe: await universe("universe-domain"),
  universeOfClient: await auth.getUniverseDomain(),
  email: await instance("service-accounts/default/email"),
  id: String(await instance("id")),
  zone: await instance("zone"),
  tree: await instance({ params: { recursive: true } }),
};
process.stdout.write(JSON.stringify(got));
