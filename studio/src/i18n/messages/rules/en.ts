// The messages of purchase rules in English.
import type { Message } from "../../message.ts";

export const rules = {
  "operator.rules": "Purchase rules",

  "rule.title": "Rules",
  "rule.lead": "Of the rules that fit a purchase, the one that gives most counts. Points are rounded down.",
  "rule.new": "A new rule",
  "rule.none": "No rule counts or will: purchases bring no points.",
  "rule.gives": {
    one: "{count} point for each {amount}",
    other: "{count} points for each {amount}",
  },
  "rule.onlyMerchant": "only at {merchant}",
  "rule.onlySource": "only from {source}",
  "rule.from": "from {date}",
  "rule.purchaseMax": {
    one: "at most {count} point for a purchase",
    other: "at most {count} points for a purchase",
  },
  "rule.dayMax": {
    one: "at most {count} point for a member on one day (UTC)",
    other: "at most {count} points for a member on one day (UTC)",
  },
  "rule.past": {
    one: "{count} rule has ended",
    other: "{count} rules have ended",
  },
  "ruleStands.running": "Counts now",
  "ruleStands.planned": "Planned",
  "ruleStands.over": "Ended",

  "rule.change": "Change",
  "rule.changeNamed": "Change {name}",
  "rule.changeTitle": "Change the rule",
  "rule.changeLead":
    "What purchases came to stays as it is: this rule ends now, and the changed one counts from its start.",
  "rule.end": "End",
  "rule.endNamed": "End {name}",
  "rule.endTitle": "End “{name}”?",
  "rule.endLead": "Purchases from now on don’t count by it. What was given stays.",
  "rule.ended": "The rule has ended.",
  "rule.notEnded": "The changed rule counts, but the earlier one did not end. End it below.",

  "rule.nameHint": "Members read it as the reason of their points.",
  "rule.currency": "Currency",
  "rule.currencyHint": "Three letters, such as USD. Other purchases don’t count.",
  "rule.noCurrency": "Enter the three letters of a currency.",
  "rule.perAmount": "For each amount of",
  "rule.perAmountHint": "In the currency, such as 1 or 0.50.",
  "rule.noMoney": "Enter an amount, such as 1 or 0.50.",
  "rule.merchant": "Only at this merchant (optional)",
  "rule.merchantHint": "As the payment provider calls it.",
  "rule.source": "Only from this source (optional)",
  "rule.sourceHint": "By its name in the purchase inbox.",
  "rule.purchaseMaxLabel": "Most points for a purchase (optional)",
  "rule.dayMaxLabel": "Most points for a member on one day (optional)",
  "rule.starts": "Starts (optional)",
  "rule.endsBefore": "The end must be after the start.",
  "rule.save": "Save the rule",
  "rule.saved": "The rule is saved.",
  "rule.tooMany": "There are as many rules as there can be.",
  "rule.lookFirst": "It may have been saved all the same: look at the list before you try again.",
} satisfies Record<string, Message>;
