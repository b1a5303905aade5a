import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ACCOUNT_EMAILS,
  accountsIn,
  isAccountEmail,
} from "../../src/core/account.ts";
import type { Language } from "../../src/core/language.ts";

Deno.test("isAccountEmail() accepts the e-mails of service accounts", async (t) => {
  const cases = [
    {
      name: "user-managed",
      text: "app@demo-proj.iam.gserviceaccount.com",
    },
    {
      name: "Compute Engine default",
      text: "123456789012-compute@developer.gserviceaccount.com",
    },
    { name: "App Engine", text: "demo-proj@appspot.gserviceaccount.com" },
    {
      name: "domain-scoped project",
      text: "app@demo-proj.example.com.iam.gserviceaccount.com",
    },
    { name: "dots and underscores", text: "a.b_c-d@p.iam.example.com" },
    { name: "longest", text: `${"a".repeat(242)}@example.com` },
  ];
  for (const { name, text } of cases) {
    await t.step(name, () => assert(isAccountEmail(text)));
  }
});

Deno.test("isAccountEmail() refuses what is no e-mail of that form", async (t) => {
  const cases = [
    { name: "empty", text: "" },
    { name: "the word default", text: "default" },
    { name: "no domain", text: "app@" },
    { name: "one-label domain", text: "app@localhost" },
    { name: "no local part", text: "@demo-proj.iam.gserviceaccount.com" },
    { name: "two at signs", text: "a@b@demo-proj.iam.gserviceaccount.com" },
    { name: "path", text: "app@p.iam.gserviceaccount.com/../x" },
    { name: "action", text: "app@p.iam.gserviceaccount.com:signJwt" },
    { name: "query", text: "app@p.iam.gserviceaccount.com?x" },
    { name: "fragment", text: "app@p.iam.gserviceaccount.com#x" },
    { name: "escape", text: "app%2f@p.iam.gserviceaccount.com" },
    { name: "upper case", text: "App@p.iam.gserviceaccount.com" },
    { name: "blank before", text: " app@p.iam.gserviceaccount.com" },
    { name: "line break after", text: "app@p.iam.gserviceaccount.com\n" },
    { name: "second line", text: "app@p.iam.example.com\nb@c.example.com" },
    { name: "empty label", text: "app@p..com" },
    { name: "trailing dot", text: "app@p.iam.gserviceaccount.com." },
    { name: "leading dot", text: "..@p.iam.gserviceaccount.com" },
    { name: "letter that looks like a", text: "\u0430pp@p.example.com" },
    { name: "too long", text: `${"a".repeat(243)}@example.com` },
  ];
  for (const { name, text } of cases) {
    await t.step(name, () => assert(!isAccountEmail(text)));
  }
});

Deno.test("isAccountEmail() accepts nothing that a URL path would change", () => {
  const email = "app@demo-proj.iam.gserviceaccount.com";
  const char = fc.constantFrom(..."ab0@.-_/:%?#\\ \n");
  fc.assert(fc.property(
    fc.nat(email.length),
    fc.string({ unit: char, maxLength: 4 }),
    (at, inserted) => {
      const text = email.slice(0, at) + inserted + email.slice(at);
      if (!isAccountEmail(text)) return;
      const path = `/v1/projects/-/serviceAccounts/${text}:generateAccessToken`;
      assert.equal(new URL(path, "http://iam.example").pathname, path);
    },
  ));
});

/** Whether an automaton takes a text. */
function holds(language: Language, text: string): boolean {
  let state: number | undefined = 0;
  for (const char of text) {
    state = state === undefined ? undefined : language.next(state, char);
  }
  return state !== undefined && language.isEnd(state);
}

const ALMOST_EMAILS = fc.string({
  unit: fc.constantFrom(..."a0.-_@A é", "@", ".", "a", "@a.b"),
  maxLength: 12,
});

Deno.test("ACCOUNT_EMAILS holds what isAccountEmail() accepts", () => {
  fc.assert(
    fc.property(
      ALMOST_EMAILS,
      (text) => holds(ACCOUNT_EMAILS, text) === isAccountEmail(text),
    ),
    { numRuns: 5_000 },
  );
  assert.ok(holds(ACCOUNT_EMAILS, "app@demo-proj.iam.gserviceaccount.com"));
});

Deno.test("accountsIn() holds the e-mails of its domain", () => {
  fc.assert(
    fc.property(
      ALMOST_EMAILS,
      (text) =>
        holds(accountsIn("a.b"), text) ===
          (isAccountEmail(text) && text.endsWith("@a.b")),
    ),
    { numRuns: 5_000 },
  );
  assert.ok(holds(accountsIn("a.b"), "x@a.b"));
});
