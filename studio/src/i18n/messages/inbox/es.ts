// The messages of the purchase inbox in Spanish.
import type { Translation } from "../../message.ts";
import type { inbox as english } from "./en.ts";

export const inbox: Translation<typeof english> = {
  "inbox.events": "Eventos",
  "inbox.state": "Estado",
  "inbox.source": "Origen",
  "inbox.filter": "Mostrar",
  "inbox.none": "No hay eventos así.",
  "inbox.received": "llegó el {date}",
  "inbox.late": {
    one: "con {count} minuto de retraso",
    many: "con {count} de minutos de retraso",
    other: "con {count} minutos de retraso",
  },
  "inbox.attempts": {
    one: "{count} intento",
    many: "{count} de intentos",
    other: "{count} intentos",
  },
  "inbox.next": "otra vez el {date}",
  "inbox.body": "Lo que dice",
  "inbox.bodyRemoved": "Lo que decía se eliminó el {date}.",
  "inbox.conflict": "Su estado ha cambiado entretanto. Vuelve a cargar la lista.",
  "inbox.now": "El evento ahora: {state}.",
  "inbox.retry": "Volver a intentarlo",
  "inbox.retryNamed": "Volver a intentarlo {event}",
  "inbox.replay": "Repetir",
  "inbox.replayNamed": "Repetir {event}",
  "inbox.replayTitle": "¿Repetir este evento?",
  "inbox.replayLead": "Lo que ya dio no lo da otra vez; lo que se perdió vuelve.",
  "inbox.ignore": "Ignorar",
  "inbox.ignoreNamed": "Ignorar {event}",
  "inbox.ignoreTitle": "¿Ignorar este evento?",
  "inbox.ignoreLead": "No tendrá efecto ni se intentará otra vez. Puedes repetirlo más tarde.",

  "inboxState.done": "Hecho",
  "inboxState.failed": "Falló, se reintentará",
  "inboxState.set_aside": "Apartado",
  "inboxState.ignored": "Ignorado",
};
