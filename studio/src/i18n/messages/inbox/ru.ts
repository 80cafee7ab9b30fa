// The messages of the purchase inbox in Russian.
import type { Translation } from "../../message.ts";
import type { inbox as english } from "./en.ts";

export const inbox: Translation<typeof english> = {
  "inbox.events": "События",
  "inbox.state": "Состояние",
  "inbox.source": "Источник",
  "inbox.filter": "Показать",
  "inbox.none": "Таких событий нет.",
  "inbox.received": "пришло {date}",
  "inbox.late": {
    one: "с опозданием на {count} минуту",
    few: "с опозданием на {count} минуты",
    many: "с опозданием на {count} минут",
    other: "с опозданием на {count} минуты",
  },
  "inbox.attempts": {
    one: "{count} попытка",
    few: "{count} попытки",
    many: "{count} попыток",
    other: "{count} попытки",
  },
  "inbox.next": "снова {date}",
  "inbox.body": "Что в нём",
  "inbox.bodyRemoved": "Его содержимое удалено: {date}.",
  "inbox.conflict": "Его состояние уже изменилось. Загрузите список заново.",
  "inbox.now": "Событие теперь: {state}.",
  "inbox.retry": "Попробовать снова",
  "inbox.retryNamed": "Попробовать снова {event}",
  "inbox.replay": "Выполнить заново",
  "inbox.replayNamed": "Выполнить заново {event}",
  "inbox.replayTitle": "Выполнить это событие заново?",
  "inbox.replayLead": "Что уже было начислено, повторно не начислится; что потерялось, вернётся.",
  "inbox.ignore": "Пропустить",
  "inbox.ignoreNamed": "Пропустить {event}",
  "inbox.ignoreTitle": "Пропустить это событие?",
  "inbox.ignoreLead": "Оно ничего не изменит, и больше попыток не будет. Позже его можно выполнить заново.",

  "inboxState.done": "Выполнено",
  "inboxState.failed": "Сбой, будет новая попытка",
  "inboxState.set_aside": "Отложено",
  "inboxState.ignored": "Пропущено",
};
