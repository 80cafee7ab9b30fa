// An offer between the form, whose fields are all text, and the API.
import { parsePoints } from "../../../api/points.ts";
import { localTime, momentOf } from "../../../api/time.ts";
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

export type Stands = "open" | "closed" | "planned" | "over" | "soldOut";

/** How an offer stands: whether members can take it now, and if not, why. */
export function standing(offer: Offer, now: number): Stands {
  if (offer.status !== "active") return "closed";
  if (Date.parse(offer.starts_at) > now) return "planned";
  if (offer.ends_at != null && Date.parse(offer.ends_at) <= now) return "over";
  return offer.stock != null && offer.taken >= offer.stock ? "soldOut" : "open";
}

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
  return {
    offer: {
      ...words,
      points,
      ends_at: momentOf(form.endsAt, before?.ends_at),
      stock,
      per_member_max: perMember,
    },
  };
}
