import { basename, dirname } from "node:path";

/**
 * Tells of changes of a file, also of one that is mounted from a ConfigMap.
 *
 * Watches the folder: the kubelet replaces a ConfigMap's files by renaming
 * `..data`, a link that they all go through, and a watch of the file itself would
 * see the first replacement only.
 *
 * @param file Path of the file.
 * @param options `onChange` is called for each event; `signal` ends the watch.
 * @see {@link https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go}
 */
export async function watchFile(
  file: string,
  options: { readonly onChange: () => void; readonly signal: AbortSignal },
): Promise<void> {
  const { onChange, signal } = options;
  if (signal.aborted) return;
  const names = [basename(file), "..data"];
  const watcher = Deno.watchFs(dirname(file), { recursive: false });
  signal.addEventListener("abort", () => watcher.close(), { once: true });
  for await (const { paths } of watcher) {
    if (paths.some((path) => names.includes(basename(path)))) onChange();
  }
}
