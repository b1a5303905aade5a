/** The profile that container engines have as their default; runtimes of Kubernetes have the like. */
const FILE = "/usr/share/containers/seccomp.json";

interface Conditions {
  readonly arches?: readonly string[];
  readonly caps?: readonly string[];
}

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args: unknown;
  readonly errnoRet?: number;
  readonly includes?: Conditions;
  readonly excludes?: Conditions;
}

/** The default profile for a container with some capabilities, as runc takes it. */
export async function readSeccompProfile(
  capabilities: readonly string[],
): Promise<unknown> {
  const profile = JSON.parse(await Deno.readTextFile(FILE));
  const rules: readonly Rule[] = profile.syscalls;
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
  const isMeant = ({ includes, excludes }: Rule): boolean =>
    (includes?.arches?.some((name) => name === arch) ?? true) &&
    (includes?.caps?.every((name) => capabilities.includes(name)) ?? true) &&
    !(excludes?.arches?.some((name) => name === arch) ?? false) &&
    !(excludes?.caps?.some((name) => capabilities.includes(name)) ?? false);
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    syscalls: rules.filter(isMeant).map((
      { names, action, args, errnoRet },
    ) => ({
      names,
      action,
      args,
      errnoRet,
    })),
  };
}
