// Why points move, in the order of the filter, and which of these movements an operator can undo.
import type { StatementLine } from "../../api/types.ts";

export const KINDS = [
  "grant",
  "transfer",
  "redemption",
  "capture",
  "reversal",
  "expiry",
  "forfeit",
  "claw_back",
  "debt",
  "repayment",
] as const;
export type Kind = (typeof KINDS)[number];

/** What a page of a statement is asked by. */
export interface StatementQuery {
  kind?: Kind;
  cursor?: string;
}

const REVERSIBLE: ReadonlySet<string> = new Set<Kind>(["grant", "transfer", "redemption", "capture"]);

export function isKind(text: string): text is Kind {
  return (KINDS as readonly string[]).includes(text);
}

/** `no` when it can't be undone, `done` when it is among those that are known to be undone. */
export function reversal(line: StatementLine, undone: ReadonlySet<string>): "no" | "done" | "possible" {
  if (!REVERSIBLE.has(line.kind)) return "no";
  return undone.has(line.transfer_id) ? "done" : "possible";
}
