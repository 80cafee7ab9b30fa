// Any failure in the reader's language: by its code where we know it, in the server's own words otherwise.
import { Unreachable } from "../api/failover.ts";
import { ProblemError } from "../api/problem.ts";
import type { Problem } from "../api/types.ts";
import { PasskeyError } from "../auth/webauthn.ts";
import { language, t } from "./i18n.svelte.ts";
import { isMessageKey } from "./message.ts";

export interface Explanation {
  readonly text: string;
  /** What the reader may quote when asking for help. */
  readonly requestId: string | null;
}

/** Words that fit one place better than the general ones, by problem code. */
export type Wording = Readonly<Record<string, string>>;

export function explain(error: unknown, wording: Wording = {}): Explanation {
  if (error instanceof ProblemError) {
    const { code, request_id } = error.problem;
    return { text: wording[code] ?? explainProblem(error.problem), requestId: request_id || null };
  }
  if (error instanceof PasskeyError) return { text: t(`passkey.${error.reason}`), requestId: null };
  if (error instanceof Unreachable) return { text: t("error.unreachable"), requestId: null };
  return { text: t("error.unexpected"), requestId: null };
}

/** For a code alone, as a redirect carries it in `?error=`. */
export function explainCode(code: string): string {
  const key = `error.${code}`;
  return isMessageKey(key) ? t(key) : t("error.unexpected");
}

/** What is wrong with one field of a form, or null. */
export function fieldFault(error: unknown, field: string): string | null {
  if (!(error instanceof ProblemError)) return null;
  const fault = error.problem.errors?.find((fault) => fault.field === field);
  if (!fault) return null;
  // The server says it in English and says more; in other languages the kind of fault is what can be said.
  const key = `fault.${fault.code}`;
  return language() === "en" || !isMessageKey(key) ? fault.detail : t(key);
}

function explainProblem(problem: Problem): string {
  const key = `error.${problem.code}`;
  const parts = [isMessageKey(key) ? t(key) : problem.detail || t("error.unexpected")];
  if (problem.code === "capability_unavailable" && problem.reason) {
    parts.push(t("common.off", { reason: problem.reason }));
  }
  if (problem.has !== undefined && problem.needs !== undefined) {
    parts.push(t("points.hasNeeds", { has: problem.has, needs: problem.needs }));
  }
  if (problem.retry_after_seconds) parts.push(t("common.retryAfter", { count: problem.retry_after_seconds }));
  return parts.join(" ");
}
