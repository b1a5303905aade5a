import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const IMAGE = `${ROOT}/deploy/image`;

/** The program as the image runs it, with paths that are on this machine. */
export interface ImageProgram {
  /** What runs it, with the permissions that the image gives it; its parts are beside it. */
  readonly command: string;
  /** Variables that it needs: where it finds Deno, this very one, and what Deno has cached. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Bundles the program, with what Deno caches of it as the image has that.
 *
 * @param folder Where to write; stands for the image's /etc/saassigner.
 */
export async function buildImageProgram(folder: string): Promise<ImageProgram> {
  const settings = await Deno.readTextFile(`${IMAGE}/deno.json`);
  await Deno.writeTextFile(
    `${folder}/deno.json`,
    settings.replace("/etc/saassigner", folder),
  );
  const program = `${folder}/program`;
  await mustRun(Deno.execPath(), {
    args: [
      ...["bundle", "--minify", "--quiet", "--code-splitting"],
      ...[`--outdir=${program}`, "src/main.ts"],
    ],
    cwd: ROOT,
  });
  const shebang = await Deno.readTextFile(`${IMAGE}/shebang`);
  const command = `${program}/saassigner`;
  await Deno.writeTextFile(
    command,
    shebang.replace("/opt/saassigner/deno.json", `${folder}/deno.json`) +
      await Deno.readTextFile(`${program}/main.js`),
    { mode: 0o755 },
  );
  await Deno.remove(`${program}/main.js`);
  const env = {
    PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`,
    DENO_DIR: `${folder}/cache`,
  };
  await mustRun(command, { args: ["--version"], env });
  return { command, env };
}

async function mustRun(
  command: string,
  options: Deno.CommandOptions,
): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, options).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
