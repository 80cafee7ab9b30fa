// The messages of purchase rules in Russian.
import type { Translation } from "../../message.ts";
import type { rules as english } from "./en.ts";

export const rules: Translation<typeof english> = {
  "operator.rules": "Правила покупок",

  "rule.title": "Правила",
  "rule.lead": "Из подходящих покупке правил действует то, что даёт больше всего. Баллы округляются вниз.",
  "rule.new": "Новое правило",
  "rule.none": "Ни одно правило не действует и не запланировано: покупки не приносят баллов.",
  "rule.gives": {
    one: "{count} балл за каждую сумму в {amount}",
    few: "{count} балла за каждую сумму в {amount}",
    many: "{count} баллов за каждую сумму в {amount}",
    other: "{count} балла за каждую сумму в {amount}",
  },
  "rule.onlyMerchant": "только в магазине {merchant}",
  "rule.onlySource": "только из источника {source}",
  "rule.from": "с {date}",
  "rule.purchaseMax": {
    one: "не больше {count} балла за покупку",
    few: "не больше {count} баллов за покупку",
    many: "не больше {count} баллов за покупку",
    other: "не больше {count} балла за покупку",
  },
  "rule.dayMax": {
    one: "не больше {count} балла участнику за день (UTC)",
    few: "не больше {count} баллов участнику за день (UTC)",
    many: "не больше {count} баллов участнику за день (UTC)",
    other: "не больше {count} балла участнику за день (UTC)",
  },
  "rule.past": {
    one: "{count} правило закончилось",
    few: "{count} правила закончились",
    many: "{count} правил закончились",
    other: "{count} правила закончились",
  },
  "ruleStands.running": "Действует",
  "ruleStands.planned": "Запланировано",
  "ruleStands.over": "Закончилось",

  "rule.change": "Изменить",
  "rule.changeNamed": "Изменить {name}",
  "rule.changeTitle": "Изменить правило",
  "rule.changeLead":
    "Что покупки уже принесли, останется: это правило закончится сейчас, а изменённое действует со своего начала.",
  "rule.end": "Закончить",
  "rule.endNamed": "Закончить {name}",
  "rule.endTitle": "Закончить «{name}»?",
  "rule.endLead": "Покупки с этого момента по нему не учитываются. Начисленное останется.",
  "rule.ended": "Правило закончилось.",
  "rule.notEnded": "Изменённое правило действует, но прежнее не закончилось. Закончите его ниже.",

  "rule.nameHint": "Участники видят его как причину начисления.",
  "rule.currency": "Валюта",
  "rule.currencyHint": "Три латинские буквы, например RUB. Другие покупки не учитываются.",
  "rule.noCurrency": "Введите три буквы валюты.",
  "rule.perAmount": "За каждую сумму",
  "rule.perAmountHint": "В этой валюте, например 1 или 0,50.",
  "rule.noMoney": "Введите сумму, например 1 или 0,50.",
  "rule.merchant": "Только в этом магазине (необязательно)",
  "rule.merchantHint": "Как его называет платёжная система.",
  "rule.source": "Только из этого источника (необязательно)",
  "rule.sourceHint": "По его имени во входящих покупках.",
  "rule.purchaseMaxLabel": "Больше всего баллов за покупку (необязательно)",
  "rule.dayMaxLabel": "Больше всего баллов участнику за день (необязательно)",
  "rule.starts": "Начало (необязательно)",
  "rule.endsBefore": "Окончание должно быть позже начала.",
  "rule.save": "Сохранить правило",
  "rule.saved": "Правило сохранено.",
  "rule.tooMany": "Больше правил добавить нельзя.",
  "rule.lookFirst": "Возможно, оно всё же сохранено: прежде чем повторить, посмотрите в список.",
};
