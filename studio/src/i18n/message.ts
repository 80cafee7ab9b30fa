// What a message is, and how one becomes text: placeholders filled, the plural form chosen by the language.
import { en } from "./messages/en.ts";

export const LANGUAGES = ["en", "he", "ar", "ru", "es"] as const;
export type Language = (typeof LANGUAGES)[number];

/** One text for each plural category that the language has; `other` is always there. */
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Message = string | Plural;
export type MessageKey = keyof typeof en;
/** The same messages in another language. A missing key, or text where a plural belongs, doesn't compile. */
export type Translation<M> = { [K in keyof M]: M[K] extends string ? string : Plural };
/** A whole language. */
export type Messages = Translation<typeof en>;
export type Values = Readonly<Record<string, string | number>>;

export function isLanguage(text: unknown): text is Language {
  return (LANGUAGES as readonly unknown[]).includes(text);
}

export function isMessageKey(text: string): text is MessageKey {
  return Object.hasOwn(en, text);
}

export function direction(language: Language): "ltr" | "rtl" {
  return language === "he" || language === "ar" ? "rtl" : "ltr";
}

export function format(messages: Messages, language: Language, key: MessageKey, values: Values = {}): string {
  const message = messages[key] as Message;
  const text = typeof message === "string" ? message : plural(message, language, values);
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = values[name];
    return value === undefined ? placeholder : isolate(value, language);
  });
}

function plural(message: Plural, language: Language, values: Values): string {
  const category = new Intl.PluralRules(language).select(Number(values["count"]));
  return message[category] ?? message.other;
}

/** In right-to-left text a name or an address keeps its own direction (Unicode FSI … PDI). */
function isolate(value: string | number, language: Language): string {
  const text = typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
  return direction(language) === "rtl" ? `\u2068${text}\u2069` : text;
}
