// Starts the studio: the device's own settings first, so that nothing flashes, then the page, then the network.
import { mount } from "svelte";
import App from "./App.svelte";
import { browserLanguage, chosenLanguage, showLanguage } from "./i18n/i18n.svelte.ts";
import { connection } from "./shell/connection.svelte.ts";
import { watchNavigation } from "./shell/router.svelte.ts";
import { installShell, reloadWhenStale } from "./shell/install.ts";
import { recallTheme } from "./shell/theme.svelte.ts";
import "./styles/tokens.css";
import "./styles/base.css";

reloadWhenStale();
recallTheme();
connection.watch();
watchNavigation();
// A language that can't be loaded leaves English, which is always there.
await showLanguage(chosenLanguage() ?? browserLanguage(navigator.languages)).catch(() => undefined);
mount(App, { target: document.getElementById("app")! });
installShell();
