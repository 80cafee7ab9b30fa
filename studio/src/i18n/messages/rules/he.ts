// The messages of purchase rules in Hebrew.
import type { Translation } from "../../message.ts";
import type { rules as english } from "./en.ts";

export const rules: Translation<typeof english> = {
  "operator.rules": "כללי רכישות",

  "rule.title": "כללים",
  "rule.lead": "מבין הכללים שמתאימים לרכישה קובע זה שנותן הכי הרבה. הנקודות מעוגלות כלפי מטה.",
  "rule.new": "כלל חדש",
  "rule.none": "אין כלל בתוקף או מתוכנן: רכישות לא מזכות בנקודות.",
  "rule.gives": {
    one: "נקודה אחת על כל {amount}",
    two: "שתי נקודות על כל {amount}",
    other: "{count} נקודות על כל {amount}",
  },
  "rule.onlyMerchant": "רק אצל {merchant}",
  "rule.onlySource": "רק מהמקור {source}",
  "rule.from": "החל מ־{date}",
  "rule.purchaseMax": {
    one: "לכל היותר נקודה אחת לרכישה",
    two: "לכל היותר שתי נקודות לרכישה",
    other: "לכל היותר {count} נקודות לרכישה",
  },
  "rule.dayMax": {
    one: "לכל היותר נקודה אחת לחבר ביום (UTC)",
    two: "לכל היותר שתי נקודות לחבר ביום (UTC)",
    other: "לכל היותר {count} נקודות לחבר ביום (UTC)",
  },
  "rule.past": {
    one: "כלל אחד הסתיים",
    two: "שני כללים הסתיימו",
    other: "{count} כללים הסתיימו",
  },
  "ruleStands.running": "בתוקף",
  "ruleStands.planned": "מתוכנן",
  "ruleStands.over": "הסתיים",

  "rule.change": "שינוי",
  "rule.changeNamed": "שינוי {name}",
  "rule.changeTitle": "שינוי הכלל",
  "rule.changeLead": "מה שרכישות כבר זיכו נשאר כמו שהוא: הכלל הזה מסתיים עכשיו, והכלל שהשתנה תקף מתחילתו.",
  "rule.end": "סיום",
  "rule.endNamed": "סיום {name}",
  "rule.endTitle": "לסיים את „{name}”?",
  "rule.endLead": "רכישות מעכשיו לא ייחשבו לפיו. מה שניתן נשאר.",
  "rule.ended": "הכלל הסתיים.",
  "rule.notEnded": "הכלל שהשתנה בתוקף, אבל הקודם לא הסתיים. אפשר לסיים אותו למטה.",

  "rule.nameHint": "החברים רואים אותו כסיבה לנקודות שלהם.",
  "rule.currency": "מטבע",
  "rule.currencyHint": "שלוש אותיות לועזיות, למשל ILS. רכישות אחרות לא נחשבות.",
  "rule.noCurrency": "נא להזין את שלוש האותיות של המטבע.",
  "rule.perAmount": "על כל סכום של",
  "rule.perAmountHint": "במטבע הזה, למשל 1 או 0.50.",
  "rule.noMoney": "נא להזין סכום, למשל 1 או 0.50.",
  "rule.merchant": "רק בבית העסק הזה (לא חובה)",
  "rule.merchantHint": "כפי שספק התשלומים קורא לו.",
  "rule.source": "רק מהמקור הזה (לא חובה)",
  "rule.sourceHint": "לפי שמו בתיבת הרכישות.",
  "rule.purchaseMaxLabel": "מרב הנקודות לרכישה (לא חובה)",
  "rule.dayMaxLabel": "מרב הנקודות לחבר ביום אחד (לא חובה)",
  "rule.starts": "התחלה (לא חובה)",
  "rule.endsBefore": "הסיום חייב להיות אחרי ההתחלה.",
  "rule.save": "שמירת הכלל",
  "rule.saved": "הכלל נשמר.",
  "rule.tooMany": "אין מקום לעוד כללים.",
  "rule.lookFirst": "ייתכן שהוא נשמר בכל זאת: כדאי לבדוק ברשימה לפני שמנסים שוב.",
};
