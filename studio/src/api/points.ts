// Points and member ids as people type them. Null is what is neither.

/** The largest amount that the API takes. */
const POINTS_MAX = 1_000_000_000_000;
/** The first digit of each set that our readers' keyboards have: ASCII, Arabic, Persian. */
const ZEROS = ["0", "\u0660", "\u06f0"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A whole number from 1. Spaces between its digits are fine; a dot or comma is not, since it means different things to different people. */
export function parsePoints(text: string): number | null {
  const digits = typedDigits(text);
  if (!/^[0-9]{1,15}$/.test(digits)) return null;
  const points = Number(digits);
  return points >= 1 && points <= POINTS_MAX ? points : null;
}

export function parseId(text: string): string | null {
  const id = visible(text).trim().toLowerCase();
  return UUID.test(id) ? id : null;
}

/** What was typed, without spaces, and with every digit in ASCII. */
export function typedDigits(text: string): string {
  return Array.from(visible(text).replace(/\s/g, ""), toAscii).join("");
}

/** Without the marks that keep a direction: right-to-left pages have them around numbers and ids, and they are copied with them. */
export function visible(text: string): string {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}

function toAscii(digit: string): string {
  const code = digit.charCodeAt(0);
  const zero = ZEROS.map((first) => first.charCodeAt(0)).find((first) => code >= first && code <= first + 9);
  return zero === undefined ? digit : String(code - zero);
}
