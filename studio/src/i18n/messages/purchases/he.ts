// The messages of a member's purchases in Hebrew.
import type { Translation } from "../../message.ts";
import type { purchases as english } from "./en.ts";

export const purchases: Translation<typeof english> = {
  "purchases.link": "רכישות",
  "purchases.title": "הרכישות שלך",
  "purchases.all": "מה שקנית",
  "purchases.none": "עדיין אין רכישות.",

  "claim.title": "שיוך רכישה אליך",
  "claim.lead": "נקודות על רכישה שלא זוהתה כשלך.",
  "claim.code": "הקוד שעל הקבלה",
  "claim.codeHint": "אין חשיבות לאותיות גדולות, לרווחים ולמקפים.",
  "claim.short": {
    one: "בקוד יש לפחות אות או ספרה אחת.",
    two: "בקוד יש לפחות שתי אותיות וספרות.",
    other: "בקוד יש לפחות {count} אותיות וספרות.",
  },
  "claim.remember": "לזהות מעכשיו את הכרטיס ואת חשבון הלקוח האלה",
  "claim.submit": "שיוך לפי הקוד",
  "claim.byAddress": "חיפוש לפי כתובת הדוא״ל שלי",
  "claim.byAddressHint": "מוצא מה שנקנה עם {email}.",
  "claim.found": {
    one: "רכישה אחת שייכת לך עכשיו.",
    two: "שתי רכישות שייכות לך עכשיו.",
    other: "{count} רכישות שייכות לך עכשיו.",
  },
  "claim.points": {
    one: "התקבלה נקודה אחת.",
    two: "התקבלו שתי נקודות.",
    other: "התקבלו {count} נקודות.",
  },
  "claim.noPoints": "לא התקבלו נקודות: אין כלל שנותן נקודות על הרכישה הזאת.",
  "claim.nothing":
    "לא נמצא דבר לפי הקוד הזה. אולי נפלה טעות בהקלדה, אולי הרכישה כבר שויכה (ראו למטה), ואולי החנות עדיין לא הודיעה לנו: אז כדאי לנסות שוב מאוחר יותר.",
  "claim.nothingByAddress": "לא נמצא דבר חדש לפי הכתובת שלך.",

  "purchase.noPoints": "ללא נקודות",
  "purchase.refunded": "הוחזרו {amount}",
  "purchase.takenBack": {
    one: "נקודה אחת נלקחה בחזרה",
    two: "שתי נקודות נלקחו בחזרה",
    other: "{count} נקודות נלקחו בחזרה",
  },

  "link.title": "איך רכישות מזוהות",
  "link.lead": "מה שנקנה באמצעות אלה שייך לך בלי שיוך ידני.",
  "link.none": "עדיין לא קושר דבר. כתובת הדוא״ל המאומתת שלך תמיד מזוהה.",
  "link.make": "יצירת קוד לקופה",
  "link.once": "הקוד מוצג רק עכשיו. כדאי לרשום אותו ולומר אותו בזמן התשלום.",
  "link.tooMany": "אין מקום לעוד. צריך קודם להסיר אחד.",
  "link.remove": "הסרה",
  "link.removeNamed": "הסרה {kind}, {date}",
  "link.removeTitle": "להסיר את הקישור הזה?",
  "link.removeLead": "מה שייקנה באמצעותו כבר לא יזוהה כשלך. מה שקנית לפני כן נשאר שלך.",
  "link.removed": "הקישור הוסר.",
  "linkKind.card": "כרטיס",
  "linkKind.customer": "חשבון לקוח",
  "linkKind.code": "קוד לקופה",
  "linkKind.email": "כתובת דוא״ל",
};
