/** Gets a URL as a metadata client does and prints status and body, or `refused`, as JSON. */
const [url = ""] = Deno.args;

async function get(): Promise<unknown> {
  try {
    const answer = await fetch(url, {
      headers: { "Metadata-Flavor": "Google" },
    });
    return { status: answer.status, body: await answer.text() };
  } catch (error) {
    return /refused/i.test(Deno.inspect(error))
      ? "refused"
      : Deno.inspect(error);
  }
}

await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(await get())));
