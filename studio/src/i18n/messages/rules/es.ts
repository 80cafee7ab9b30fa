// The messages of purchase rules in Spanish.
import type { Translation } from "../../message.ts";
import type { rules as english } from "./en.ts";

export const rules: Translation<typeof english> = {
  "operator.rules": "Reglas de compras",

  "rule.title": "Reglas",
  "rule.lead":
    "De las reglas que encajan con una compra cuenta la que más da. Los puntos se redondean hacia abajo.",
  "rule.new": "Una regla nueva",
  "rule.none": "Ninguna regla cuenta ni está prevista: las compras no dan puntos.",
  "rule.gives": {
    one: "{count} punto por cada {amount}",
    many: "{count} de puntos por cada {amount}",
    other: "{count} puntos por cada {amount}",
  },
  "rule.onlyMerchant": "solo en {merchant}",
  "rule.onlySource": "solo del origen {source}",
  "rule.from": "desde el {date}",
  "rule.purchaseMax": {
    one: "como máximo {count} punto por compra",
    many: "como máximo {count} de puntos por compra",
    other: "como máximo {count} puntos por compra",
  },
  "rule.dayMax": {
    one: "como máximo {count} punto por miembro y día (UTC)",
    many: "como máximo {count} de puntos por miembro y día (UTC)",
    other: "como máximo {count} puntos por miembro y día (UTC)",
  },
  "rule.past": {
    one: "{count} regla terminada",
    many: "{count} de reglas terminadas",
    other: "{count} reglas terminadas",
  },
  "ruleStands.running": "Cuenta ahora",
  "ruleStands.planned": "Prevista",
  "ruleStands.over": "Terminada",

  "rule.change": "Cambiar",
  "rule.changeNamed": "Cambiar {name}",
  "rule.changeTitle": "Cambiar la regla",
  "rule.changeLead":
    "Lo que dieron las compras se queda como está: esta regla termina ahora, y la cambiada cuenta desde su inicio.",
  "rule.end": "Terminar",
  "rule.endNamed": "Terminar {name}",
  "rule.endTitle": "¿Terminar «{name}»?",
  "rule.endLead": "Las compras desde ahora no cuentan con ella. Lo que se dio se queda.",
  "rule.ended": "La regla ha terminado.",
  "rule.notEnded": "La regla cambiada cuenta, pero la anterior no ha terminado. Termínala abajo.",

  "rule.nameHint": "Los miembros lo leen como motivo de sus puntos.",
  "rule.currency": "Moneda",
  "rule.currencyHint": "Tres letras, como EUR. Las demás compras no cuentan.",
  "rule.noCurrency": "Escribe las tres letras de una moneda.",
  "rule.perAmount": "Por cada importe de",
  "rule.perAmountHint": "En esa moneda, como 1 o 0,50.",
  "rule.noMoney": "Escribe un importe, como 1 o 0,50.",
  "rule.merchant": "Solo en este comercio (opcional)",
  "rule.merchantHint": "Como lo llama el proveedor de pagos.",
  "rule.source": "Solo de este origen (opcional)",
  "rule.sourceHint": "Por su nombre en el buzón de compras.",
  "rule.purchaseMaxLabel": "Máximo de puntos por compra (opcional)",
  "rule.dayMaxLabel": "Máximo de puntos por miembro y día (opcional)",
  "rule.starts": "Empieza (opcional)",
  "rule.endsBefore": "El final debe ser posterior al inicio.",
  "rule.save": "Guardar la regla",
  "rule.saved": "Regla guardada.",
  "rule.tooMany": "No caben más reglas.",
  "rule.lookFirst": "Puede que se haya guardado de todos modos: mira la lista antes de volver a intentarlo.",
};
