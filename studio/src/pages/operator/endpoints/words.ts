// The API's words about endpoints and deliveries in the reader's language; as they came when this release doesn't know them.
import type { Delivery, WebhookEndpoint } from "../../../api/types.ts";
import { t } from "../../../i18n/i18n.svelte.ts";
import { isMessageKey } from "../../../i18n/message.ts";

function worded(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return isMessageKey(key) ? t(key) : word;
}

export const eventName = (type: string): string => worded("eventType", type);
export const stateName = (state: string): string => worded("deliveryState", state);
export const disabledReason = (endpoint: WebhookEndpoint): string =>
  worded("disabledReason", endpoint.disabled_reason ?? "operator");

/** What went wrong at an attempt; null when nothing did. */
export function faultName(fault?: string | null, status?: number | null): string | null {
  if (fault == null) return null;
  // Of an answer that was no yes, the number tells most.
  return fault === "status" && status != null
    ? t("delivery.status", { status: String(status) })
    : worded("deliveryFault", fault);
}

export const lastFault = (one: Delivery): string | null => faultName(one.last_fault, one.last_status);
