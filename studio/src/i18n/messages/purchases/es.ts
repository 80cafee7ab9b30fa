// The messages of a member's purchases in Spanish.
import type { Translation } from "../../message.ts";
import type { purchases as english } from "./en.ts";

export const purchases: Translation<typeof english> = {
  "purchases.link": "Compras",
  "purchases.title": "Tus compras",
  "purchases.all": "Lo que has comprado",
  "purchases.none": "Todavía no hay compras.",

  "claim.title": "Reclamar una compra",
  "claim.lead": "Puntos por una compra que no se reconoció como tuya.",
  "claim.code": "Código del recibo",
  "claim.codeHint": "Las mayúsculas, los espacios y los guiones no importan.",
  "claim.short": {
    one: "Un código tiene al menos {count} letra o cifra.",
    many: "Un código tiene al menos {count} de letras y cifras.",
    other: "Un código tiene al menos {count} letras y cifras.",
  },
  "claim.remember": "Reconocer esta tarjeta y esta cuenta de cliente a partir de ahora",
  "claim.submit": "Reclamar con el código",
  "claim.byAddress": "Buscar por mi correo",
  "claim.byAddressHint": "Encuentra lo que se compró con {email}.",
  "claim.found": {
    one: "{count} compra es tuya ahora.",
    many: "{count} de compras son tuyas ahora.",
    other: "{count} compras son tuyas ahora.",
  },
  "claim.points": {
    one: "Ha dado {count} punto.",
    many: "Ha dado {count} de puntos.",
    other: "Ha dado {count} puntos.",
  },
  "claim.noPoints": "No ha dado puntos: ninguna regla da puntos por esta compra.",
  "claim.nothing":
    "No se encontró nada con este código. Puede que esté mal escrito, que ya se reclamara (mira abajo) o que la tienda aún no nos haya avisado: entonces prueba más tarde.",
  "claim.nothingByAddress": "No se encontró nada nuevo con tu dirección.",

  "purchase.noPoints": "sin puntos",
  "purchase.refunded": "{amount} devueltos",
  "purchase.takenBack": {
    one: "{count} punto retirado",
    many: "{count} de puntos retirados",
    other: "{count} puntos retirados",
  },

  "link.title": "Cómo se reconocen las compras",
  "link.lead": "Lo que se compra con esto es tuyo sin reclamarlo.",
  "link.none": "Todavía no hay nada vinculado. Tu correo verificado siempre cuenta.",
  "link.make": "Crear un código para la caja",
  "link.once": "Este código se muestra solo ahora. Apúntalo y dilo al pagar.",
  "link.tooMany": "No caben más. Quita uno primero.",
  "link.remove": "Quitar",
  "link.removeNamed": "Quitar {kind}, {date}",
  "link.removeTitle": "¿Quitar este vínculo?",
  "link.removeLead":
    "Lo que se compre con él ya no se reconocerá como tuyo. Lo que compraste antes sigue siendo tuyo.",
  "link.removed": "El vínculo se ha quitado.",
  "linkKind.card": "Tarjeta",
  "linkKind.customer": "Cuenta de cliente",
  "linkKind.code": "Código para la caja",
  "linkKind.email": "Dirección de correo",
};
