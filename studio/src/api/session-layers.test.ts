// SEC-2 and SES-2 as the browser sees them: the CSRF token, one shared renewal, and the fresh sign-in before a repeat.
import { describe, expect, it, vi } from "vitest";
import { json, problem } from "../testing/fake-fetch.ts";
import { withCsrf } from "./csrf.ts";
import type { CsrfToken } from "./csrf.ts";
import { outgoing } from "./outgoing.ts";
import type { Outgoing, Send } from "./outgoing.ts";
import { withRecentSignIn } from "./recent.ts";
import { withRefresh } from "./refresh.ts";
import type { RefreshContext } from "./refresh.ts";

type Answer = (request: Outgoing) => Response;

function recorder(answer: Answer) {
  const sent: Outgoing[] = [];
  const send: Send = async (request) => {
    sent.push(request);
    await Promise.resolve();
    return answer(request);
  };
  return { sent, send, paths: () => sent.map((one) => `${one.method} ${one.path}`) };
}

describe("the CSRF token", () => {
  it("is learnt from a sign-in and sent with unsafe requests only", async () => {
    const token: CsrfToken = { value: null };
    const server = recorder(() => json({ csrf_token: "t-1" }));
    const send = withCsrf(token, server.send);
    await send(outgoing("POST", "/v1/auth/email/finish"));
    await send(outgoing("PATCH", "/v1/me"));
    await send(outgoing("GET", "/v1/me/sessions"));
    expect(server.sent.map((one) => one.headers.get("x-csrf-token"))).toEqual([null, "t-1", null]);
  });

  it("is learnt from a registration, where it sits one level deeper", async () => {
    const token: CsrfToken = { value: null };
    const server = recorder(() => json({ signed_in: { csrf_token: "t-2" } }, 201));
    await withCsrf(token, server.send)(outgoing("POST", "/v1/auth/passkey/register/finish"));
    expect(token.value).toBe("t-2");
  });

  it("is fetched anew once when it is refused, and the request repeated", async () => {
    const token: CsrfToken = { value: "old" };
    const server = recorder((request) => {
      if (request.path === "/v1/auth/csrf") return json({ csrf_token: "new" });
      return request.headers.get("x-csrf-token") === "new" ? json({}) : problem(403, "csrf_refused");
    });
    const response = await withCsrf(token, server.send)(outgoing("DELETE", "/v1/me/sessions"));
    expect(response.status).toBe(200);
    expect(server.paths()).toEqual(["DELETE /v1/me/sessions", "GET /v1/auth/csrf", "DELETE /v1/me/sessions"]);
  });

  it("that stays refused ends there", async () => {
    const server = recorder(({ path }) =>
      path === "/v1/auth/csrf" ? json({}) : problem(403, "csrf_refused"),
    );
    const response = await withCsrf({ value: "x" }, server.send)(outgoing("POST", "/v1/notes"));
    expect(response.status).toBe(403);
    expect(server.sent).toHaveLength(3);
  });
});

/** A server whose session has expired until it is renewed; `shared` is what all tabs of a browser share. */
function expired(renewal: () => Response = () => json({ csrf_token: "t" })) {
  let fresh = false;
  return recorder(({ path }) => {
    if (path === "/v1/auth/refresh") {
      const answer = renewal();
      fresh ||= answer.ok;
      return answer;
    }
    if (path === "/v1/auth/csrf") return json({ csrf_token: "t" });
    return fresh ? json({}) : problem(401, "unauthenticated");
  });
}

function browser() {
  let at = 0;
  let clock = 100;
  let queue: Promise<unknown> = Promise.resolve();
  const ended = vi.fn();
  const tab = (token: string | null = "t"): RefreshContext => ({
    token: { value: token },
    exclusively: <T>(work: () => Promise<T>) => {
      const mine = queue.then(work);
      queue = mine.catch(() => undefined);
      return mine;
    },
    refreshedAt: () => at,
    markRefreshed: (now) => void (at = now),
    now: () => clock++,
    ended,
  });
  return { tab, ended };
}

const refreshes = (paths: string[]) => paths.filter((path) => path.endsWith("/v1/auth/refresh"));

describe("an expired session", () => {
  it("is renewed once for many requests, and each is repeated", async () => {
    const server = expired();
    const send = withRefresh(browser().tab(), server.send);
    const answers = await Promise.all([1, 2, 3, 4].map((n) => send(outgoing("GET", `/v1/x/${n}`))));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(refreshes(server.paths())).toHaveLength(1);
  });

  it("is renewed once for two tabs", async () => {
    const server = expired();
    const { tab } = browser();
    const first = withRefresh(tab(), server.send);
    const second = withRefresh(tab(), server.send);
    const answers = await Promise.all([first(outgoing("GET", "/v1/a")), second(outgoing("GET", "/v1/b"))]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    expect(refreshes(server.paths())).toHaveLength(1);
  });

  it("asks for the CSRF token first when it has none", async () => {
    const server = expired();
    await withRefresh(browser().tab(null), server.send)(outgoing("GET", "/v1/a"));
    expect(server.paths()).toEqual(["GET /v1/a", "GET /v1/auth/csrf", "POST /v1/auth/refresh", "GET /v1/a"]);
  });

  it("that can't be renewed is over: the first answer stands and the page is told", async () => {
    const { tab, ended } = browser();
    const server = expired(() => problem(401, "refresh_reused"));
    const response = await withRefresh(tab(), server.send)(outgoing("GET", "/v1/a"));
    expect(response.status).toBe(401);
    expect(ended).toHaveBeenCalledOnce();
  });

  it("is not taken for over when the server is busy", async () => {
    const { tab, ended } = browser();
    const server = expired(() => problem(429, "rate_limited"));
    const response = await withRefresh(tab(), server.send)(outgoing("GET", "/v1/a"));
    expect(response.status).toBe(429);
    expect(ended).not.toHaveBeenCalled();
  });

  it("is not the reason of every 401, and log-out never renews", async () => {
    const server = recorder(({ path }) =>
      problem(401, path === "/v1/auth/logout" ? "unauthenticated" : "invalid_code"),
    );
    const send = withRefresh(browser().tab(), server.send);
    await send(outgoing("POST", "/v1/auth/email/finish"));
    await send(outgoing("POST", "/v1/auth/logout"));
    expect(server.sent).toHaveLength(2);
  });
});

describe("a step that needs a fresh sign-in", () => {
  function server() {
    let isFresh = false;
    const recorded = recorder(() => (isFresh ? json({}) : problem(403, "recent_sign_in_required")));
    return { ...recorded, confirm: async () => (isFresh = true) };
  }

  it("is repeated after the member confirmed", async () => {
    const { send, sent, confirm } = server();
    const response = await withRecentSignIn(confirm, send)(outgoing("DELETE", "/v1/me"));
    expect(response.status).toBe(200);
    expect(sent).toHaveLength(2);
  });

  it("asks once for two steps at the same time", async () => {
    const { send, confirm } = server();
    const asked = vi.fn(confirm);
    const layer = withRecentSignIn(asked, send);
    await Promise.all([layer(outgoing("DELETE", "/v1/a")), layer(outgoing("DELETE", "/v1/b"))]);
    expect(asked).toHaveBeenCalledOnce();
  });

  it("stays refused when the member declines", async () => {
    const { send, sent } = server();
    const response = await withRecentSignIn(async () => false, send)(outgoing("DELETE", "/v1/me"));
    expect(response.status).toBe(403);
    expect(sent).toHaveLength(1);
  });
});
