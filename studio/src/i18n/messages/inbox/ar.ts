// The messages of the purchase inbox in Arabic.
import type { Translation } from "../../message.ts";
import type { inbox as english } from "./en.ts";

export const inbox: Translation<typeof english> = {
  "inbox.events": "الأحداث",
  "inbox.state": "الحالة",
  "inbox.source": "المصدر",
  "inbox.filter": "عرض",
  "inbox.none": "لا أحداث كهذه.",
  "inbox.received": "وصل {date}",
  "inbox.late": {
    zero: "دون تأخر",
    one: "متأخر دقيقة",
    two: "متأخر دقيقتين",
    few: "متأخر {count} دقائق",
    many: "متأخر {count} دقيقة",
    other: "متأخر {count} دقيقة",
  },
  "inbox.attempts": {
    zero: "لم يُجرّب",
    one: "جُرّب مرة",
    two: "جُرّب مرتين",
    few: "جُرّب {count} مرات",
    many: "جُرّب {count} مرة",
    other: "جُرّب {count} مرة",
  },
  "inbox.next": "مجددًا {date}",
  "inbox.body": "ما جاء فيه",
  "inbox.bodyRemoved": "حُذف ما جاء فيه بتاريخ {date}.",
  "inbox.conflict": "تغيّرت حالته في هذه الأثناء. أعد تحميل القائمة.",
  "inbox.now": "الحدث الآن: {state}.",
  "inbox.retry": "المحاولة من جديد",
  "inbox.retryNamed": "المحاولة من جديد {event}",
  "inbox.replay": "إعادة التنفيذ",
  "inbox.replayNamed": "إعادة التنفيذ {event}",
  "inbox.replayTitle": "إعادة تنفيذ هذا الحدث؟",
  "inbox.replayLead": "ما أعطاه من قبل لا يعطيه ثانية، وما ضاع يعود.",
  "inbox.ignore": "تجاهل",
  "inbox.ignoreNamed": "تجاهل {event}",
  "inbox.ignoreTitle": "تجاهل هذا الحدث؟",
  "inbox.ignoreLead": "لن يكون له أثر ولن يُجرّب ثانية. يمكنك إعادة تنفيذه لاحقًا.",

  "inboxState.done": "تم",
  "inboxState.failed": "فشل، وستُعاد المحاولة",
  "inboxState.set_aside": "وُضع جانبًا",
  "inboxState.ignored": "مُتجاهَل",
};
