// The studio as a member uses it, by roles and names.

import { VirtualAuthenticator } from "./passkeys.mjs";
import { pattern, text } from "./messages.mjs";

export const button = async (page, key, values) =>
  page.getByRole("button", { name: await text(key, values), exact: true });
export const link = async (page, key, values) =>
  page.getByRole("link", { name: await text(key, values), exact: true });
export const heading = async (page, key, values, language) =>
  page.getByRole("heading", { name: await text(key, values, language), exact: true });
export const field = async (page, key, language) =>
  page.getByLabel(await text(key, {}, language), { exact: true });

/** The part of the page under a heading of the account page. */
export async function section(page, key) {
  return page
    .locator("section")
    .filter({ has: page.getByRole("heading", { name: await text(key), exact: true }) });
}

/** Waits until the short message is shown or read out. */
export async function announced(page, key) {
  await page
    .getByText(await pattern(key))
    .first()
    .waitFor();
}

export async function openSignIn(page, query = "") {
  await page.goto(`/sign-in${query}`);
  await (await heading(page, "signIn.title")).waitFor();
}

/** On the account page, and its lists are there: a test that goes on earlier would cut their requests off. */
export async function atAccount(page) {
  await (await heading(page, "account.title")).waitFor();
  await (await section(page, "sessions.title")).getByRole("listitem").first().waitFor();
  const passkeys = await section(page, "passkeys.title");
  await passkeys
    .getByRole("listitem")
    .or(passkeys.getByText(await text("passkeys.none")))
    .first()
    .waitFor();
}

/** The name in the profile on the account page. */
export async function displayName(page) {
  return (await field(page, "profile.name")).inputValue();
}

/** Who the server says this browser is. */
export const memberId = (page) => page.evaluate(async () => (await (await fetch("/v1/auth/me")).json()).id);

/** A new member with a passkey of a new virtual authenticator; ends on the account page. */
export async function createAccount(page, name = "Ada Lovelace") {
  const authenticator = await VirtualAuthenticator.add(page);
  await openSignIn(page);
  await (await field(page, "signIn.displayName")).fill(name);
  await (await button(page, "signIn.create")).click();
  await atAccount(page);
  return authenticator;
}

export async function signOut(page) {
  await (await button(page, "leave.signOut")).click();
  await (await heading(page, "account.title")).waitFor({ state: "detached" });
}

/** Opens the panel behind the menu button where there is one. */
export async function openMenu(page) {
  const menu = await button(page, "nav.menu");
  if ((await menu.isVisible()) && (await menu.getAttribute("aria-expanded")) !== "true") await menu.click();
}

/** The switcher, by its name in the language that is shown. */
export async function languageSwitcher(page, language = "en") {
  return page.getByRole("combobox", { name: await text("nav.language", {}, language), exact: true });
}
