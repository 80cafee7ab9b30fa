// A purchase rule between the form, whose fields are all text, and the API; and how it stands.
import { parseCurrency, parseMoney, typedMoney } from "../../../api/money.ts";
import { parsePoints } from "../../../api/points.ts";
import { localTime, momentOf } from "../../../api/time.ts";
import type { NewPurchaseRule, PurchaseRule } from "../../../api/types.ts";
import type { MessageKey } from "../../../i18n/message.ts";

export interface RuleForm {
  name: string;
  points: string;
  currency: string;
  /** In the currency as people write it. */
  perAmount: string;
  merchant: string;
  source: string;
  purchaseMax: string;
  dayMax: string;
  /** As `datetime-local` writes it, in the operator's own time; empty for no bound. */
  startsAt: string;
  endsAt: string;
}

export const EMPTY: RuleForm = {
  name: "",
  points: "",
  currency: "",
  perAmount: "",
  merchant: "",
  source: "",
  purchaseMax: "",
  dayMax: "",
  startsAt: "",
  endsAt: "",
};

/** What is wrong with which field. */
export type Faults = Partial<Record<keyof RuleForm, MessageKey>>;
export type Standing = "running" | "planned" | "over";

export function standing(rule: PurchaseRule, now: number): Standing {
  if (rule.ends_at && Date.parse(rule.ends_at) <= now) return "over";
  return rule.starts_at && Date.parse(rule.starts_at) > now ? "planned" : "running";
}

/** The rule that follows a rule: it starts where that one ends, which is now unless that one has yet to start. */
export function formOf(rule: PurchaseRule, now: number): RuleForm {
  const start = standing(rule, now) === "planned" ? rule.starts_at : new Date(now).toISOString();
  return {
    name: rule.name,
    points: String(rule.points),
    currency: rule.currency,
    perAmount: typedMoney(rule.per_amount, rule.currency),
    merchant: rule.merchant ?? "",
    source: rule.source ?? "",
    purchaseMax: rule.purchase_points_max == null ? "" : String(rule.purchase_points_max),
    dayMax: rule.day_points_max == null ? "" : String(rule.day_points_max),
    startsAt: start ? localTime(start) : "",
    endsAt: rule.ends_at ? localTime(rule.ends_at) : "",
  };
}

/** What the API takes, or what is wrong. `before` is the rule that this one follows. */
export function ruleOf(
  form: RuleForm,
  before: PurchaseRule | null,
): { rule: NewPurchaseRule } | { faults: Faults } {
  const bound = (text: string) => (text.trim() === "" ? null : (parsePoints(text) ?? undefined));
  const words = (text: string) => text.trim() || null;
  const points = parsePoints(form.points);
  const currency = parseCurrency(form.currency);
  // Without a currency nobody knows what the digits mean; that fault is told first.
  const perAmount = currency === null ? undefined : parseMoney(form.perAmount, currency);
  const [purchaseMax, dayMax] = [bound(form.purchaseMax), bound(form.dayMax)];
  const starts = momentOf(form.startsAt, before?.starts_at);
  const ends = momentOf(form.endsAt, before?.ends_at);
  const faults: Faults = {
    ...(points === null && { points: "points.noAmount" }),
    ...(currency === null && { currency: "rule.noCurrency" }),
    ...(perAmount === null && { perAmount: "rule.noMoney" }),
    ...(purchaseMax === undefined && { purchaseMax: "points.noAmount" }),
    ...(dayMax === undefined && { dayMax: "points.noAmount" }),
    ...(starts && ends && Date.parse(ends) <= Date.parse(starts) && { endsAt: "rule.endsBefore" }),
  };
  if (Object.keys(faults).length > 0 || points === null || currency === null || perAmount == null) {
    return { faults };
  }
  const what = { name: form.name.trim(), currency, points, per_amount: perAmount };
  const only = {
    merchant: words(form.merchant),
    source: words(form.source),
    starts_at: starts,
    ends_at: ends,
  };
  const caps = { purchase_points_max: purchaseMax ?? null, day_points_max: dayMax ?? null };
  return { rule: { ...what, ...only, ...caps } };
}

/** Whether a rule is what was asked for: after a lost answer it tells whether the rule was made. */
export function isAsAsked(rule: PurchaseRule, asked: NewPurchaseRule): boolean {
  const moment = (time?: string | null) => (time ? Date.parse(time) : null);
  const told = (one: PurchaseRule | NewPurchaseRule) => [
    ...[one.name, one.currency, one.points, one.per_amount, one.merchant ?? null, one.source ?? null],
    ...[one.purchase_points_max ?? null, one.day_points_max ?? null],
    ...[moment(one.starts_at), moment(one.ends_at)],
  ];
  return JSON.stringify(told(rule)) === JSON.stringify(told(asked));
}
