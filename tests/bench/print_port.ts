/**
 * Tells whoever started this process where it listens.
 *
 * @param address What is listened at.
 */
export async function printPort({ port }: Deno.NetAddr): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${port}\n`));
}
