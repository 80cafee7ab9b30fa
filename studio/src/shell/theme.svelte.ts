// Light, dark, or like the device. The choice is kept on this device.
import { drop, keep, kept } from "./storage.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

let current = $state<Theme>("system");

export const theme = (): Theme => current;

export function recallTheme(): void {
  const stored = kept("theme");
  show(THEMES.find((known) => known === stored) ?? "system");
}

export function chooseTheme(wanted: Theme): void {
  show(wanted);
  if (wanted === "system") drop("theme");
  else keep("theme", wanted);
}

function show(wanted: Theme): void {
  current = wanted;
  if (wanted === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = wanted;
}
