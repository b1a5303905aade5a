/**
 * Asks a URL so many times, one connection each, and prints the different
 * answers, or `refused`, `no route`, `late` and the like, as JSON.
 */
const [url = "", times = "1"] = Deno.args;
const answers = new Set<string>();
for (let asked = 0; asked < Number(times); asked++) {
  answers.add(await ask());
}
const printed = JSON.stringify([...answers].sort());
await Deno.stdout.write(new TextEncoder().encode(printed));

async function ask(): Promise<string> {
  const startedMs = performance.now();
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const answer = await fetch(url, {
      client,
      signal: AbortSignal.timeout(2_000),
    });
    return await answer.text();
  } catch (error) {
    const text = Deno.inspect(error);
    if (/refused/i.test(text)) {
      return performance.now() - startedMs < 500 ? "refused" : "refused late";
    }
    if (/No route to host|Permission denied/.test(text)) return "no route";
    return error instanceof DOMException ? "late" : text;
  }
}
