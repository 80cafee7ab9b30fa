// An offer goes through the form unchanged, and what is no number is named.
import { expect, it } from "vitest";
import type { Offer } from "../../../api/types.ts";
import { EMPTY, formOf, offerOf, standing } from "./offer.ts";

const offer: Offer = {
  ...{
    id: "o",
    merchant_id: "m",
    title: "Coffee",
    description: "Any size",
    points: 120,
    status: "active",
    taken: 3,
  },
  ...{
    starts_at: "2026-01-01T00:00:00Z",
    ends_at: "2026-12-31T22:59:59.5Z",
    stock: 50,
    per_member_max: null,
  },
  ...{ created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z" },
};

it("keeps what nobody touched, to the second", () => {
  const { title, description, points, ends_at, stock, per_member_max } = offer;
  expect(offerOf(formOf(offer), offer)).toEqual({
    offer: { title, description, points, ends_at, stock, per_member_max },
  });
});

it("takes the end by the operator's own clock, and an empty field as no bound", () => {
  const form = { ...formOf(offer), endsAt: "2027-01-15T18:30", stock: "" };
  expect(offerOf(form, offer)).toMatchObject({
    offer: { ends_at: new Date(2027, 0, 15, 18, 30).toISOString(), stock: null },
  });
  expect(offerOf({ ...form, endsAt: "" }, offer)).toMatchObject({ offer: { ends_at: null } });
});

it("names the fields that hold no number", () => {
  expect(offerOf({ ...EMPTY, title: "x", points: "", stock: "0", perMember: "two" }, null)).toEqual({
    faults: ["points", "stock", "perMember"],
  });
});

it("says why an offer can't be taken", () => {
  const now = Date.parse("2026-06-01T12:00:00Z");
  const bare = {
    ...offer,
    status: "active",
    starts_at: "2026-01-01T00:00:00Z",
    ends_at: null,
    stock: null,
    taken: 3,
  };
  expect(standing(bare, now)).toBe("open");
  expect(standing({ ...bare, stock: 4, ends_at: "2026-06-01T12:00:01Z" }, now)).toBe("open");
  expect(standing({ ...bare, stock: 3 }, now)).toBe("soldOut");
  expect(standing({ ...bare, stock: 3, ends_at: "2026-06-01T12:00:00Z" }, now)).toBe("over");
  expect(standing({ ...bare, starts_at: "2026-06-01T12:00:01Z" }, now)).toBe("planned");
  expect(standing({ ...bare, status: "closed", stock: 3 }, now)).toBe("closed");
});
