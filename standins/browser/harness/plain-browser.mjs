// A browser without a screen: follows the sign-in with a provider over plain HTTP, with the cookies and headers that a
// browser would send. For sweeps that need many sign-ins and no page.

const HOPS_MAX = 12;

/** A cookie jar per host and port-less site, as browsers keep it: cookies know hosts and paths, not ports. */
class Jar {
  #cookies = [];

  take(url, lines) {
    for (const line of lines) {
      const [pair, ...attributes] = line.split(";").map((part) => part.trim());
      const at = pair.indexOf("=");
      const attribute = (name) =>
        attributes.find((one) => one.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
      const cookie = {
        host: url.hostname,
        name: pair.slice(0, at),
        value: pair.slice(at + 1),
        path: attribute("path") ?? "/",
        sameSite: (attribute("samesite") ?? "lax").toLowerCase(),
        gone: attribute("max-age") === "0" || /1970/.test(attribute("expires") ?? ""),
      };
      this.#cookies = this.#cookies.filter(
        (one) => one.host !== cookie.host || one.name !== cookie.name || one.path !== cookie.path,
      );
      if (!cookie.gone && cookie.value !== "") this.#cookies.push(cookie);
    }
  }

  /** `crossSitePost` is when browsers withhold Lax cookies. */
  header(url, { crossSitePost = false } = {}) {
    return this.#cookies
      .filter(
        (one) =>
          one.host === url.hostname &&
          url.pathname.startsWith(one.path) &&
          !(crossSitePost && one.sameSite !== "none"),
      )
      .map((one) => `${one.name}=${one.value}`)
      .join("; ");
  }

  names(hostname) {
    return this.#cookies.filter((one) => one.host === hostname).map((one) => one.name);
  }
}

const unescape = (text) =>
  text
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");

export class PlainBrowser {
  jar = new Jar();

  async #send(url, { form, from } = {}) {
    const crossSite = from !== undefined && from.hostname !== url.hostname;
    const headers = { cookie: this.jar.header(url, { crossSitePost: crossSite && form !== undefined }) };
    if (form) {
      headers.origin = from.origin;
      headers["sec-fetch-site"] = crossSite ? "cross-site" : "same-origin";
      headers["sec-fetch-mode"] = "navigate";
      headers["content-type"] = "application/x-www-form-urlencoded";
    }
    const answer = await fetch(url, {
      method: form ? "POST" : "GET",
      redirect: "manual",
      headers,
      body: form ? String(form) : undefined,
    });
    this.jar.take(url, answer.headers.getSetCookie());
    return answer;
  }

  /** Starts at `address` and follows redirects and self-submitting forms until a page of `site` that is not the API. */
  async signIn(address, site = new URL(address).origin) {
    let url = new URL(address);
    let from;
    let form;
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      if (url.origin === site && !url.pathname.startsWith("/v1/")) return url;
      const answer = await this.#send(url, { form, from });
      form = undefined;
      from = url;
      const location = answer.headers.get("location");
      if (location) {
        url = new URL(location, url);
        continue;
      }
      const html = await answer.text();
      if (answer.status !== 200 || !/<form method="post"/.test(html))
        throw new Error(`${answer.status} at ${url}: ${html.slice(0, 300)}`);
      url = new URL(unescape(/action="([^"]+)"/.exec(html)[1]), url);
      form = new URLSearchParams(
        [...html.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
          name,
          unescape(value),
        ]),
      );
    }
    throw new Error(`more than ${HOPS_MAX} hops from ${address}`);
  }

  /** An answer of the server, with this browser's cookies. */
  async json(address) {
    const answer = await this.#send(new URL(address));
    return { status: answer.status, body: await answer.json() };
  }

  cookieNames(address) {
    return this.jar.names(new URL(address).hostname);
  }
}
