// The messages of the purchase inbox in Hebrew.
import type { Translation } from "../../message.ts";
import type { inbox as english } from "./en.ts";

export const inbox: Translation<typeof english> = {
  "inbox.events": "אירועים",
  "inbox.state": "מצב",
  "inbox.source": "מקור",
  "inbox.filter": "הצגה",
  "inbox.none": "אין אירועים כאלה.",
  "inbox.received": "הגיע ב־{date}",
  "inbox.late": {
    one: "באיחור של דקה",
    two: "באיחור של שתי דקות",
    other: "באיחור של {count} דקות",
  },
  "inbox.attempts": {
    one: "ניסיון אחד",
    two: "שני ניסיונות",
    other: "{count} ניסיונות",
  },
  "inbox.next": "שוב ב־{date}",
  "inbox.body": "מה כתוב בו",
  "inbox.bodyRemoved": "מה שהיה כתוב בו הוסר ב־{date}.",
  "inbox.conflict": "מצבו השתנה בינתיים. יש לטעון את הרשימה מחדש.",
  "inbox.now": "האירוע עכשיו: {state}.",
  "inbox.retry": "ניסיון נוסף",
  "inbox.retryNamed": "ניסיון נוסף {event}",
  "inbox.replay": "הפעלה חוזרת",
  "inbox.replayNamed": "הפעלה חוזרת {event}",
  "inbox.replayTitle": "להפעיל שוב את האירוע הזה?",
  "inbox.replayLead": "מה שכבר נתן לא יינתן שוב; מה שאבד יחזור.",
  "inbox.ignore": "התעלמות",
  "inbox.ignoreNamed": "התעלמות {event}",
  "inbox.ignoreTitle": "להתעלם מהאירוע הזה?",
  "inbox.ignoreLead": "לא תהיה לו השפעה והוא לא יופעל שוב. אפשר להפעיל אותו מאוחר יותר.",

  "inboxState.done": "בוצע",
  "inboxState.failed": "נכשל, יהיה ניסיון נוסף",
  "inboxState.set_aside": "הונח בצד",
  "inboxState.ignored": "התעלמו ממנו",
};
