// Sign-in with a password: what is sent, and that a refusal arrives as one.
import { afterEach, expect, it, vi } from "vitest";
import { ProblemError } from "../api/problem.ts";
import { fakeFetch, json, problem } from "../testing/fake-fetch.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The client takes the browser's own `fetch` when it is first used. */
async function against(answer: Parameters<typeof fakeFetch>[0]) {
  const network = fakeFetch(answer);
  vi.stubGlobal("fetch", network.fetch);
  vi.stubGlobal("location", new URL("https://app.example.com/sign-in"));
  const { signInWithPassword } = await import("./password.ts");
  return { ...network, signInWithPassword };
}

it("sends the address without its spaces and the password with them", async () => {
  const { sent, signInWithPassword } = await against(() => json({ csrf_token: "t" }));
  await signInWithPassword(" ada@example.com ", " correct horse ");
  const login = sent.find((one) => one.url.endsWith("/v1/auth/login"));
  expect(JSON.parse(login!.body!)).toEqual({ email: "ada@example.com", password: " correct horse " });
});

it("hands a refusal on, and sends nothing twice", async () => {
  const { sent, signInWithPassword } = await against(() => problem(401, "invalid_credentials"));
  const outcome = signInWithPassword("ada@example.com", "wrong");
  await expect(outcome).rejects.toMatchObject({ problem: { code: "invalid_credentials" } });
  await outcome.catch((error: unknown) => expect(error).toHaveProperty("name", ProblemError.name));
  expect(sent.filter((one) => one.url.endsWith("/v1/auth/login"))).toHaveLength(1);
});
