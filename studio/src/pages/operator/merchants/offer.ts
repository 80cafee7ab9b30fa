// An offer between the form, whose fields are all text, and the API.
import { parsePoints } from "../../../api/points.ts";
import type { NewOffer, Offer } from "../../../api/types.ts";

export interface OfferForm {
  title: string;
  description: string;
  points: string;
  /** As `datetime-local` writes it, in the operator's own time; empty for no end. */
  endsAt: string;
  stock: string;
  perMember: string;
}

type Bounded = "points" | "stock" | "perMember";

export const EMPTY: OfferForm = {
  title: "",
  description: "",
  points: "",
  endsAt: "",
  stock: "",
  perMember: "",
};

export function formOf(offer: Offer): OfferForm {
  return {
    title: offer.title,
    description: offer.description,
    points: String(offer.points),
    endsAt: offer.ends_at ? localTime(offer.ends_at) : "",
    stock: offer.stock == null ? "" : String(offer.stock),
    perMember: offer.per_member_max == null ? "" : String(offer.per_member_max),
  };
}

/** What the API takes, or the fields that hold no number. An empty bound is none. `before` is the offer that is changed. */
export function offerOf(form: OfferForm, before: Offer | null): { offer: NewOffer } | { faults: Bounded[] } {
  const points = parsePoints(form.points);
  const bound = (text: string) => (text.trim() === "" ? null : (parsePoints(text) ?? undefined));
  const [stock, perMember] = [bound(form.stock), bound(form.perMember)];
  const faults: Bounded[] = [];
  if (points === null) faults.push("points");
  if (stock === undefined) faults.push("stock");
  if (perMember === undefined) faults.push("perMember");
  if (points === null || stock === undefined || perMember === undefined) return { faults };
  const words = { title: form.title.trim(), description: form.description.trim() };
  return { offer: { ...words, points, ends_at: end(form, before), stock, per_member_max: perMember } };
}

/** The field knows minutes only: what nobody touched stays as it is, to the second. */
function end(form: OfferForm, before: Offer | null): string | null {
  if (form.endsAt === "") return null;
  if (before?.ends_at && localTime(before.ends_at) === form.endsAt) return before.ends_at;
  return new Date(form.endsAt).toISOString();
}

/** A moment as `datetime-local` takes it: the operator's own clock, to the minute. */
function localTime(time: string): string {
  const moment = new Date(time);
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
