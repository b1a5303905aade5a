// What an application does with Google's libraries, told where the metadata
// server is by GCE_METADATA_HOST alone. Prints what it got as JSON.
import process from "node:process";
import { instance, isAvailable, project } from "gcp-metadata";
import { Compute, GoogleAuth } from "google-auth-library";

const audience = "https://audience.example";
const auth = new GoogleAuth({
  scopes: "https://www.googleapis.com/auth/cloud-platform",
});
const client = await auth.getClient();
const idTokenClient = await auth.getIdTokenClient(audience);

const got = {
  isAvailable: await isAvailable(),
  isCompute: client instanceof Compute,
  accessToken: (await client.getAccessToken()).token,
  idToken: await idTokenClient.idTokenProvider.fetchIdToken(audience),
  projectId: await auth.getProjectId(),
  project: await project("project-id"),
  email: await instance("service-accounts/default/email"),
};
process.stdout.write(JSON.stringify(got));
