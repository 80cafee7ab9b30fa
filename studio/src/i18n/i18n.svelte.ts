// The language in use: its messages, dates and direction. Languages other than English load when chosen.
import { minorDigits } from "../api/money.ts";
import { keep, kept } from "../shell/storage.ts";
import { direction, format, isLanguage, LANGUAGES } from "./message.ts";
import type { Language, MessageKey, Messages, Values } from "./message.ts";
import { en } from "./messages/en.ts";

const loaders: Record<Language, () => Promise<Messages>> = {
  en: async () => en,
  he: async () => (await import("./messages/he.ts")).he,
  ar: async () => (await import("./messages/ar.ts")).ar,
  ru: async () => (await import("./messages/ru.ts")).ru,
  es: async () => (await import("./messages/es.ts")).es,
};

/** Each language by its own name, in the order of the switcher. */
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: "English",
  he: "עברית",
  ar: "العربية",
  ru: "Русский",
  es: "Español",
};

let current = $state.raw<{ language: Language; messages: Messages }>({ language: "en", messages: en });

export const language = (): Language => current.language;

export function t(key: MessageKey, values?: Values): string {
  return format(current.messages, current.language, key, values);
}

/** The language that was chosen on this device, or null. */
export function chosenLanguage(): Language | null {
  const stored = kept("language");
  return isLanguage(stored) ? stored : null;
}

/** The first of the browser's languages that we speak, by its first part; English otherwise. */
export function browserLanguage(wishes: readonly string[]): Language {
  // `iw` is the old code for Hebrew, which some Android versions still send.
  const codes = wishes.map((wish) => wish.toLowerCase().split("-")[0]).map((c) => (c === "iw" ? "he" : c));
  return codes.find(isLanguage) ?? "en";
}

/** Shows a language without remembering it as a choice. */
export async function showLanguage(wanted: Language): Promise<void> {
  const messages = await loaders[wanted]();
  current = { language: wanted, messages };
  document.documentElement.lang = wanted;
  document.documentElement.dir = direction(wanted);
}

/** Shows a language and keeps the choice on this device. */
export async function chooseLanguage(wanted: Language): Promise<void> {
  await showLanguage(wanted);
  keep("language", wanted);
}

export function formatDate(time: string): string {
  // With the month as a word: in some languages the ready-made styles have digits only, which read differently by country.
  const parts = { day: "numeric", month: "short", year: "numeric" } as const;
  return new Intl.DateTimeFormat(current.language, parts).format(new Date(time));
}

/** A day of the calendar, which begins and ends in UTC wherever the reader is. */
export function formatDay(day: string): string {
  const parts = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(current.language, parts).format(new Date(`${day}T00:00:00Z`));
}

export function formatTime(time: string): string {
  const day = { day: "numeric", month: "short", year: "numeric" } as const;
  const parts = { ...day, hour: "numeric", minute: "2-digit" } as const;
  return new Intl.DateTimeFormat(current.language, parts).format(new Date(time));
}

export function formatNumber(number: number): string {
  return new Intl.NumberFormat(current.language).format(number);
}

/** An amount in minor units, as the API has it. */
export function formatMoney(amount: number, currency: string): string {
  const format = new Intl.NumberFormat(current.language, { style: "currency", currency });
  const parts = format.formatToParts(amount / 10 ** minorDigits(currency));
  return parts.map(({ type, value }) => (type === "currency" ? ownDirection(value) : value)).join("");
}

/** "US$" stays "US$" in a right-to-left line (Unicode LRI … PDI); on its own the sign would jump to the other side. */
function ownDirection(currency: string): string {
  return direction(current.language) === "rtl" ? `\u2066${currency}\u2069` : currency;
}

/** With its sign, also when it is above zero. */
export function formatChange(number: number): string {
  return new Intl.NumberFormat(current.language, { signDisplay: "exceptZero" }).format(number);
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60],
  ["hour", 60],
  ["day", 24],
];
const DAYS_MAX = 7;

/** "5 minutes ago" for the last week, the date before that. */
export function formatMoment(time: string, now = Date.now()): string {
  let amount = Math.min(0, (Date.parse(time) - now) / 1000);
  let unit: Intl.RelativeTimeFormatUnit = "second";
  for (const [larger, factor] of STEPS) {
    if (-amount < factor) break;
    amount /= factor;
    unit = larger;
  }
  if (unit === "day" && -amount >= DAYS_MAX) return formatDate(time);
  const relative = new Intl.RelativeTimeFormat(current.language, { numeric: "auto" });
  return unit === "second" ? relative.format(0, "second") : relative.format(Math.ceil(amount), unit);
}

export { isLanguage, LANGUAGES };
export type { Language, MessageKey };
