// Lists a bucket with Google's storage library, by the API endpoint that the first
// argument names, with whatever credentials the machine has. Prints the names as JSON.
import process from "node:process";
import { Storage } from "@google-cloud/storage";

const storage = new Storage({
  apiEndpoint: process.argv[2],
  useAuthWithCustomEndpoint: true,
});
const [files] = await storage.bucket("accounts").getFiles();
process.stdout.write(JSON.stringify(files.map(({ name }) => name)));
