// The server's refusals (RFC 9457 problems) as errors, and the results of calls as plain values.
import type { Problem } from "./types.ts";

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.code}`);
    this.name = "ProblemError";
  }
}

/** What openapi-fetch gives for every call. */
interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body. Throws a `ProblemError` when the server refused. */
export async function unwrap<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(toProblem(error, response));
  return data as T;
}

/** The code of a refusal, or null for a success or an answer that isn't a problem. Leaves the body readable. */
export async function problemCode(response: Response): Promise<string | null> {
  if (response.ok) return null;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return isProblem(body) ? body.code : null;
}

function toProblem(body: unknown, response: Response): Problem {
  if (isProblem(body)) return body;
  // Not ours: a proxy's page, or nothing at all.
  return {
    type: "about:blank",
    title: response.statusText,
    status: response.status,
    detail: "",
    code: "unexpected",
    request_id: response.headers.get("x-request-id") ?? "",
  };
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && typeof (body as Problem).code === "string";
}
