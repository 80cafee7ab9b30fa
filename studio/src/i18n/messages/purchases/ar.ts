// The messages of a member's purchases in Arabic.
import type { Translation } from "../../message.ts";
import type { purchases as english } from "./en.ts";

export const purchases: Translation<typeof english> = {
  "purchases.link": "المشتريات",
  "purchases.title": "مشترياتك",
  "purchases.all": "ما اشتريته",
  "purchases.none": "لا مشتريات بعد.",

  "claim.title": "المطالبة بعملية شراء",
  "claim.lead": "نقاط عن عملية شراء لم يُعرف أنها لك.",
  "claim.code": "الرمز على الإيصال",
  "claim.codeHint": "لا فرق بين الأحرف الكبيرة والصغيرة، ولا أثر للمسافات والشرطات.",
  "claim.short": {
    zero: "لا يكون الرمز فارغًا.",
    one: "في الرمز حرف أو رقم واحد على الأقل.",
    two: "في الرمز حرفان أو رقمان على الأقل.",
    few: "في الرمز {count} أحرف وأرقام على الأقل.",
    many: "في الرمز {count} حرفًا ورقمًا على الأقل.",
    other: "في الرمز {count} حرف ورقم على الأقل.",
  },
  "claim.remember": "التعرّف على هذه البطاقة وحساب العميل من الآن فصاعدًا",
  "claim.submit": "المطالبة بالرمز",
  "claim.byAddress": "البحث بعنوان بريدي الإلكتروني",
  "claim.byAddressHint": "يجد ما اشتُري بالعنوان {email}.",
  "claim.found": {
    zero: "لا عملية شراء صارت لك.",
    one: "عملية شراء واحدة صارت لك.",
    two: "عمليتا شراء صارتا لك.",
    few: "{count} عمليات شراء صارت لك.",
    many: "{count} عملية شراء صارت لك.",
    other: "{count} عملية شراء صارت لك.",
  },
  "claim.points": {
    zero: "لم تأتِ معها نقاط.",
    one: "أتت معها نقطة واحدة.",
    two: "أتت معها نقطتان.",
    few: "أتت معها {count} نقاط.",
    many: "أتت معها {count} نقطة.",
    other: "أتت معها {count} نقطة.",
  },
  "claim.noPoints": "لم تأتِ معها نقاط: لا قاعدة تمنح نقاطًا عن عملية الشراء هذه.",
  "claim.nothing":
    "لم يُعثر على شيء بهذا الرمز. قد يكون فيه خطأ، أو طولب به من قبل (انظر أدناه)، أو لم يخبرنا المتجر بعد: عندها حاول لاحقًا.",
  "claim.nothingByAddress": "لم يُعثر على جديد بعنوانك.",

  "purchase.noPoints": "بلا نقاط",
  "purchase.refunded": "أُعيد {amount}",
  "purchase.takenBack": {
    zero: "لم تُسترد نقاط",
    one: "استُردت نقطة واحدة",
    two: "استُردت نقطتان",
    few: "استُردت {count} نقاط",
    many: "استُردت {count} نقطة",
    other: "استُردت {count} نقطة",
  },

  "link.title": "كيف تُعرف مشترياتك",
  "link.lead": "ما يُشترى بهذه يكون لك دون مطالبة.",
  "link.none": "لم يُربط شيء بعد. أما عنوان بريدك المثبت فيُعرف دائمًا.",
  "link.make": "إنشاء رمز لنقطة البيع",
  "link.once": "يظهر هذا الرمز الآن فقط. دوّنه، واذكره عند الدفع.",
  "link.tooMany": "بلغ العدد حدّه الأقصى. أزل واحدًا أولًا.",
  "link.remove": "إزالة",
  "link.removeNamed": "إزالة {kind}، {date}",
  "link.removeTitle": "إزالة هذا الربط؟",
  "link.removeLead": "ما يُشترى به لن يُعرف أنه لك بعد الآن. وما اشتريته من قبل يبقى لك.",
  "link.removed": "أُزيل الربط.",
  "linkKind.card": "بطاقة",
  "linkKind.customer": "حساب عميل",
  "linkKind.code": "رمز لنقطة البيع",
  "linkKind.email": "عنوان بريد إلكتروني",
};
