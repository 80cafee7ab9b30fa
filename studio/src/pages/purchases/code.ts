// The codes of purchases, as people type them from a receipt.
import { visible } from "../../api/points.ts";

/** What is shorter is an order's number, and recognises nobody. */
export const CODE_CHARS_MIN = 8;

/** The code without what readers and printers put between its letters; null when it is too short to be one. */
export function parseCode(text: string): string | null {
  const code = visible(text).replace(/[\s-]/g, "");
  return Array.from(code).length >= CODE_CHARS_MIN ? code : null;
}
