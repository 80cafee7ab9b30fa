// T-ST-02: no language misses a message, a plural form or a placeholder, and no message is left over.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { browserLanguage, formatMoney } from "./i18n.svelte.ts";
import { direction, format, LANGUAGES } from "./message.ts";
import type { Message, MessageKey, Messages } from "./message.ts";
import { ar } from "./messages/ar.ts";
import { en } from "./messages/en.ts";
import { es } from "./messages/es.ts";
import { he } from "./messages/he.ts";
import { ru } from "./messages/ru.ts";

const all: Record<(typeof LANGUAGES)[number], Messages> = { en, he, ar, ru, es };
const keys = Object.keys(en) as MessageKey[];

const forms = (message: Message) => (typeof message === "string" ? [message] : Object.values(message));
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe.each(LANGUAGES)("%s", (language) => {
  const messages = all[language];

  it("has every message, and no other", () => {
    expect(Object.keys(messages).sort()).toEqual([...keys].sort());
    for (const key of keys) for (const text of forms(messages[key])) expect(text.trim(), key).not.toBe("");
  });

  it("has exactly the plural forms of the language", () => {
    const wanted = [...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort();
    for (const key of keys) {
      const message: Message = messages[key];
      if (typeof message !== "string") expect(Object.keys(message).sort(), key).toEqual(wanted);
    }
  });

  it("fills the same placeholders as English", () => {
    for (const key of keys) {
      const wanted = placeholders(forms(en[key]).at(-1)!);
      for (const text of forms(messages[key])) {
        // "One minute" needs no number.
        const found = placeholders(text);
        const optional =
          typeof messages[key] === "string" ? wanted : wanted.filter((name) => name !== "count");
        expect(wanted, key).toEqual(expect.arrayContaining(found));
        expect(found, key).toEqual(expect.arrayContaining(optional));
      }
    }
  });

  it("begins a button's full name with the words on the button (WCAG 2.5.3)", () => {
    const pairs = [
      ["passkeys.rename", "passkeys.renameNamed"],
      ["passkeys.remove", "passkeys.removeNamed"],
      ["identities.link", "identities.linkNamed"],
      ["identities.unlink", "identities.unlinkNamed"],
      ["sessions.end", "sessions.endNamed"],
      ["reverse.open", "reverse.openNamed"],
      ["redeem.open", "redeem.openNamed"],
      ["link.remove", "link.removeNamed"],
      ["rule.change", "rule.changeNamed"],
      ["rule.end", "rule.endNamed"],
      ["delivery.resend", "delivery.resendNamed"],
      ["offer.edit", "offer.editNamed"],
      ["offer.close", "offer.closeNamed"],
      ["offer.reopen", "offer.reopenNamed"],
      ["inbox.retry", "inbox.retryNamed"],
      ["inbox.replay", "inbox.replayNamed"],
      ["inbox.ignore", "inbox.ignoreNamed"],
    ] as const;
    for (const [shown, named] of pairs) expect(messages[named].startsWith(messages[shown]), named).toBe(true);
  });

  it("writes in its own script", () => {
    const scripts = { he: /\p{Script=Hebrew}/u, ar: /\p{Script=Arabic}/u, ru: /\p{Script=Cyrillic}/u };
    const script = scripts[language as keyof typeof scripts];
    if (!script) return;
    for (const key of keys) {
      const words = forms(messages[key]).map((text) => text.replace(/\{\w+\}/g, ""));
      for (const text of words) if (/\p{L}/u.test(text)) expect(text, key).toMatch(script);
    }
  });
});

it("uses every message somewhere", () => {
  const source = sources("src").join("\n");
  const made = [
    "error.",
    "fault.",
    "passkey.",
    "capability.",
    "theme.",
    "kind.",
    "redemption.",
    "inbox.",
    "linkKind.",
    "ruleStands.",
    "offerStands.",
    "eventType.",
    "disabledReason.",
    "deliveryState.",
    "deliveryFault.",
    "inboxState.",
  ];
  const unused = keys.filter(
    (key) => !made.some((prefix) => key.startsWith(prefix)) && !source.includes(`"${key}"`),
  );
  expect(unused).toEqual([]);
});

describe("formatting", () => {
  it("chooses the plural form of the language", () => {
    const seconds = (count: number) => format(ru, "ru", "common.retryAfter", { count });
    expect([1, 3, 5].map(seconds)).toEqual([
      "Повторите через 1 секунду.",
      "Повторите через 3 секунды.",
      "Повторите через 5 секунд.",
    ]);
    expect(format(he, "he", "landing.on", { count: 2 })).toBe("שני חלקים פעילים");
  });

  it("sets an amount in minor units as its currency is written", () => {
    const plain = (amount: number, currency: string) => formatMoney(amount, currency).replace(/\s/g, " ");
    expect([plain(1250, "USD"), plain(1250, "JPY"), plain(1250, "KWD")]).toEqual([
      "$12.50",
      "¥1,250",
      "KWD 1.250",
    ]);
  });

  it("isolates names in right-to-left text only", () => {
    expect(format(he, "he", "email.current", { email: "a@b.test" })).toContain("\u2068a@b.test\u2069");
    expect(format(en, "en", "email.current", { email: "a@b.test" })).toBe("Your address is a@b.test.");
    expect(LANGUAGES.filter((language) => direction(language) === "rtl")).toEqual(["he", "ar"]);
  });

  it("follows the browser's wishes in order", () => {
    expect(browserLanguage(["fr-FR", "es-MX", "en"])).toBe("es");
    expect(browserLanguage(["iw-IL"])).toBe("he");
    expect(browserLanguage(["ja"])).toBe("en");
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "messages" ? [] : sources(path);
    return /\.(ts|svelte)$/.test(entry.name) ? [readFileSync(path, "utf8")] : [];
  });
}
