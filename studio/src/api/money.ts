// Amounts of money, which the API counts in minor units of a currency, and as people type them.
import { typedDigits } from "./points.ts";

/** The largest amount that the API takes. */
const AMOUNT_MAX = 1_000_000_000_000;

/** How many digits a currency has after the point. */
export function minorDigits(currency: string): number {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.resolvedOptions().maximumFractionDigits ?? 0;
}

/** Three letters in capitals; null for anything else. */
export function parseCurrency(text: string): string | null {
  const letters = text.trim().toUpperCase();
  return /^[A-Z]{3}$/.test(letters) ? letters : null;
}

/** Minor units, at least one. Point and comma both part the minor units off, so neither may group the digits before it. */
export function parseMoney(text: string, currency: string): number | null {
  const match = /^([0-9]{1,13})(?:[.,\u066b]([0-9]+))?$/.exec(typedDigits(text));
  const [whole, part] = [match?.[1], match?.[2] ?? ""];
  const digits = minorDigits(currency);
  if (whole === undefined || part.length > digits) return null;
  const amount = Number(whole + part.padEnd(digits, "0"));
  return amount >= 1 && amount <= AMOUNT_MAX ? amount : null;
}

/** An amount as one would type it. */
export function typedMoney(amount: number, currency: string): string {
  const digits = minorDigits(currency);
  return (amount / 10 ** digits).toFixed(digits);
}
