// The messages of a member's purchases in English.
import type { Message } from "../../message.ts";

export const purchases = {
  "purchases.link": "Purchases",
  "purchases.title": "Your purchases",
  "purchases.all": "What you bought",
  "purchases.none": "No purchase yet.",

  "claim.title": "Claim a purchase",
  "claim.lead": "Points for a purchase that was not recognised as yours.",
  "claim.code": "Code on the receipt",
  "claim.codeHint": "Capitals, spaces and hyphens don’t matter.",
  "claim.short": {
    one: "A code has at least {count} letter or digit.",
    other: "A code has at least {count} letters and digits.",
  },
  "claim.remember": "Recognise this card and customer account from now on",
  "claim.submit": "Claim by the code",
  "claim.byAddress": "Look by my e-mail address",
  "claim.byAddressHint": "Finds what was bought with {email}.",
  "claim.found": {
    one: "{count} purchase is yours now.",
    other: "{count} purchases are yours now.",
  },
  "claim.points": {
    one: "{count} point came with it.",
    other: "{count} points came with it.",
  },
  "claim.noPoints": "No points came with it: no rule gives points for this purchase.",
  "claim.nothing":
    "Nothing was found by this code. It may be mistyped, claimed before (look below), or the shop has not told us yet: then try again later.",
  "claim.nothingByAddress": "Nothing new was found by your address.",

  "purchase.noPoints": "no points",
  "purchase.refunded": "{amount} paid back",
  "purchase.takenBack": {
    one: "{count} point taken back",
    other: "{count} points taken back",
  },

  "link.title": "How purchases are recognised",
  "link.lead": "What is bought with these is yours without a claim.",
  "link.none": "Nothing is linked yet. Your proven e-mail address always counts.",
  "link.make": "Make a code for the till",
  "link.once": "This code is shown only now. Note it, and say it when you pay.",
  "link.tooMany": "There are as many as there can be. Remove one first.",
  "link.remove": "Remove",
  "link.removeNamed": "Remove {kind}, {date}",
  "link.removeTitle": "Remove this link?",
  "link.removeLead":
    "What is bought with it is no longer recognised as yours. What you bought before stays yours.",
  "link.removed": "The link is removed.",
  "linkKind.card": "Card",
  "linkKind.customer": "Customer account",
  "linkKind.code": "Code for the till",
  "linkKind.email": "E-mail address",
} satisfies Record<string, Message>;
