// The providers whose accounts can be linked. Their names are the same in every language.

export const PROVIDERS = ["google", "apple"] as const;
export type Provider = (typeof PROVIDERS)[number];

const NAMES: Record<Provider, string> = { google: "Google", apple: "Apple" };

export function isProvider(text: string): text is Provider {
  return (PROVIDERS as readonly string[]).includes(text);
}

export function providerName(provider: string): string {
  return isProvider(provider) ? NAMES[provider] : provider;
}
