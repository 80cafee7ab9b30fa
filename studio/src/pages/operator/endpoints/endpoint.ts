// An endpoint between its form and the API.
import type { NewWebhookEndpoint, WebhookEndpoint } from "../../../api/types.ts";

export interface EndpointForm {
  url: string;
  description: string;
  /** Whether it hears of everything, also of what later releases tell. */
  everything: boolean;
  events: readonly string[];
}

export const EMPTY: EndpointForm = { url: "", description: "", everything: true, events: [] };

export function formOf(endpoint: WebhookEndpoint): EndpointForm {
  const { url, description, event_types: events } = endpoint;
  return { url, description, everything: events.length === 0, events };
}

/** What the API takes; null when nothing is chosen, since an empty list would mean everything. */
export function endpointOf(form: EndpointForm): Required<NewWebhookEndpoint> | null {
  if (!form.everything && form.events.length === 0) return null;
  const event_types = form.everything ? [] : [...form.events];
  return { url: form.url.trim(), description: form.description.trim(), event_types };
}

/** The endpoint that was asked for and was not there before: after a lost answer it tells whether it was made. */
export function madeAsAsked(
  now: readonly WebhookEndpoint[],
  before: readonly WebhookEndpoint[],
  asked: Required<NewWebhookEndpoint>,
): WebhookEndpoint | null {
  const known = new Set(before.map((one) => one.id));
  // The server writes a URL in its one form.
  const url = URL.canParse(asked.url) ? new URL(asked.url).href : asked.url;
  const isAsked = (one: WebhookEndpoint) => one.url === url && one.description === asked.description;
  return now.find((one) => !known.has(one.id) && isAsked(one)) ?? null;
}
