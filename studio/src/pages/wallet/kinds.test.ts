// Which movements an operator is offered to undo.
import { expect, it } from "vitest";
import type { StatementLine } from "../../api/types.ts";
import { KINDS, reversal } from "./kinds.ts";

function line(kind: string, transfer_id: string): StatementLine {
  const rest = {
    amount: 1,
    balance: 1,
    cause: "",
    reason: "",
    sequence: 1,
    created_at: "2026-01-01T00:00:00Z",
  };
  return { kind, transfer_id, ...rest };
}

it("offers what was given, sent or spent, once", () => {
  const offered = KINDS.filter((kind) => reversal(line(kind, "a"), new Set()) !== "no");
  expect(offered).toEqual(["grant", "transfer", "redemption", "capture"]);
  const [grant, other] = [line("grant", "a"), line("grant", "b")];
  expect(reversal(grant, new Set(["a"]))).toBe("done");
  expect(reversal(other, new Set(["a"]))).toBe("possible");
});
