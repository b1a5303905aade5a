import assert from "node:assert/strict";
import { expandScope } from "../../src/core/scopes.ts";
import { PathGlob } from "../../src/core/path_glob.ts";
import {
  BASE_URL,
  PATH_GLOB,
  SCOPE_NAME,
} from "../../src/config/text_kinds.ts";

function accepts(
  kind: { decode(value: unknown): { readonly outcome: string } },
  text: string,
): boolean {
  return kind.decode(text).outcome === "accepted";
}

Deno.test("SCOPE_NAME accepts exactly what can be expanded", () => {
  const texts = [
    "cloud-platform",
    "devstorage.read_only",
    "storage-ro",
    "openid",
    "https://mail.google.com/",
    "https://www.googleapis.com/auth/cloud-platform",
    "https://example",
    "https://example/a?b",
    "http://example/a",
    "Cloud",
    "0a",
    "",
    "a b",
    "a,b",
    "a\nb",
    "x".repeat(512),
    "x".repeat(513),
  ];
  for (const text of texts) {
    assert.equal(
      accepts(SCOPE_NAME, text),
      expandScope(text) !== undefined,
      text,
    );
  }
});

Deno.test("PATH_GLOB accepts only patterns that can match", () => {
  for (const text of ["instance/disks/**", "**", "*", "a*b/c", "a/?"]) {
    assert(accepts(PATH_GLOB, text), text);
    const path = text.replaceAll("**", "x").replace(/[*?]/g, "x");
    assert(new PathGlob(text).matches(path), text);
  }
  for (const text of ["", "/", "/a", "a/", "a//b", "..", "a/.", "a**", "[a]"]) {
    assert(!accepts(PATH_GLOB, text), text);
  }
});

Deno.test("PATH_GLOB takes linear time on hostile text", () => {
  assert(!accepts(PATH_GLOB, `${"*a".repeat(50_000)}%`));
});

Deno.test("BASE_URL drops what does not matter and refuses what would be lost", () => {
  assert.deepEqual(BASE_URL.decode("HTTPS://API.Example:443/"), {
    outcome: "accepted",
    value: "https://api.example",
  });
  assert.deepEqual(BASE_URL.decode("http://[::1]:8080/a/b/"), {
    outcome: "accepted",
    value: "http://[::1]:8080/a/b",
  });
  const texts = [
    "https://u@a",
    "https://u:p@a",
    "https://a?",
    "https://a#",
    "https:a",
    "https:\\\\a",
    "https://a\\b",
    " https://a",
    "https://a\n",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "unix:///run/x",
  ];
  for (const text of texts) assert(!accepts(BASE_URL, text), text);
});
