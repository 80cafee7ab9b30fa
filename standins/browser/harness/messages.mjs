// The studio's own words, read from its sources, so that a test finds a button by the name that a member reads. The
// files are TypeScript that holds one literal, which may take in those of other files; the few words of syntax around it are
// taken off.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FOLDER =
  process.env.MAINSTAY_MESSAGES ?? new URL("../../../studio/src/i18n/messages/", import.meta.url).pathname;

/** Each language's code, its direction and its own name. */
export const LANGUAGES = {
  en: { dir: "ltr", name: "English" },
  he: { dir: "rtl", name: "עברית" },
  ar: { dir: "rtl", name: "العربية" },
  ru: { dir: "ltr", name: "Русский" },
  es: { dir: "ltr", name: "Español" },
};

const loaded = new Map();

/** The literal of one file. */
async function literal(path) {
  let source = readFileSync(path, "utf8");
  for (const [line, name, from] of source.matchAll(/^import \{ (\w+) \} from "(\..*)";$/gm)) {
    const part = JSON.stringify(await literal(join(dirname(path), from)));
    source = source.replace(line, () => `const ${name} = ${part};`);
  }
  source = source
    .replace(/^import .*$/gm, "")
    .replace(/export const \w+(?:: [^=]+)? = /, "export default ")
    .replace(/\} (?:satisfies|as) [^;]+;\s*$/, "};\n");
  return (await import(`data:text/javascript;base64,${Buffer.from(source).toString("base64")}`)).default;
}

export async function messages(language = "en") {
  if (!loaded.has(language)) loaded.set(language, await literal(join(FOLDER, `${language}.ts`)));
  return loaded.get(language);
}

/** A message as text, its placeholders filled; of a plural the form `other`. */
export async function text(key, values = {}, language = "en") {
  const message = (await messages(language))[key];
  if (message === undefined) throw new Error(`no message ${key} in ${language}`);
  return (typeof message === "string" ? message : message.other).replace(
    /\{(\w+)\}/g,
    (whole, name) => values[name] ?? whole,
  );
}

const escape = (literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A pattern for a message whose placeholders or plural form are not known. */
export async function pattern(key, language = "en") {
  const message = (await messages(language))[key];
  if (message === undefined) throw new Error(`no message ${key} in ${language}`);
  const forms = typeof message === "string" ? [message] : Object.values(message);
  return new RegExp(
    forms
      .map((form) =>
        form
          .split(/\{\w+\}/)
          .map(escape)
          .join(".*"),
      )
      .join("|"),
  );
}
