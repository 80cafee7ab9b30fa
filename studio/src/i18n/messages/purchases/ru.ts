// The messages of a member's purchases in Russian.
import type { Translation } from "../../message.ts";
import type { purchases as english } from "./en.ts";

export const purchases: Translation<typeof english> = {
  "purchases.link": "Покупки",
  "purchases.title": "Ваши покупки",
  "purchases.all": "Что вы купили",
  "purchases.none": "Покупок пока нет.",

  "claim.title": "Заявить о покупке",
  "claim.lead": "Баллы за покупку, в которой вас не узнали.",
  "claim.code": "Код на чеке",
  "claim.codeHint": "Заглавные буквы, пробелы и дефисы не важны.",
  "claim.short": {
    one: "В коде не меньше {count} буквы или цифры.",
    few: "В коде не меньше {count} букв и цифр.",
    many: "В коде не меньше {count} букв и цифр.",
    other: "В коде не меньше {count} буквы и цифры.",
  },
  "claim.remember": "Впредь узнавать эту карту и учётную запись покупателя",
  "claim.submit": "Заявить по коду",
  "claim.byAddress": "Искать по моему адресу почты",
  "claim.byAddressHint": "Найдёт купленное с адресом {email}.",
  "claim.found": {
    one: "Теперь ваша {count} покупка.",
    few: "Теперь ваши {count} покупки.",
    many: "Теперь ваши {count} покупок.",
    other: "Теперь ваши {count} покупки.",
  },
  "claim.points": {
    one: "За это начислен {count} балл.",
    few: "За это начислено {count} балла.",
    many: "За это начислено {count} баллов.",
    other: "За это начислено {count} балла.",
  },
  "claim.noPoints": "Баллов за это нет: ни одно правило не даёт баллов за эту покупку.",
  "claim.nothing":
    "По этому коду ничего не найдено. Возможно, в нём опечатка, о покупке уже заявили (посмотрите ниже) или магазин ещё не сообщил о ней: тогда попробуйте позже.",
  "claim.nothingByAddress": "По вашему адресу ничего нового не найдено.",

  "purchase.noPoints": "без баллов",
  "purchase.refunded": "возвращено {amount}",
  "purchase.takenBack": {
    one: "отозван {count} балл",
    few: "отозвано {count} балла",
    many: "отозвано {count} баллов",
    other: "отозвано {count} балла",
  },

  "link.title": "Как узнают ваши покупки",
  "link.lead": "Купленное с ними ваше и без заявки.",
  "link.none": "Пока ничего не привязано. Подтверждённый адрес почты учитывается всегда.",
  "link.make": "Создать код для кассы",
  "link.once": "Этот код виден только сейчас. Запишите его и называйте при оплате.",
  "link.tooMany": "Больше привязать нельзя. Сначала удалите что-нибудь.",
  "link.remove": "Удалить",
  "link.removeNamed": "Удалить: {kind}, {date}",
  "link.removeTitle": "Удалить эту привязку?",
  "link.removeLead": "Купленное с ней больше не будет считаться вашим. Прежние покупки останутся вашими.",
  "link.removed": "Привязка удалена.",
  "linkKind.card": "Карта",
  "linkKind.customer": "Учётная запись покупателя",
  "linkKind.code": "Код для кассы",
  "linkKind.email": "Адрес почты",
};
