// The states of an event in the inbox, and what an operator can do with it in each.
import type { InboxHead } from "../../../api/types.ts";

export const STATES = ["set_aside", "failed", "done", "ignored"] as const;
export type State = (typeof STATES)[number];
export type Step = "retry" | "replay" | "ignore";

const STEPS: Record<State, readonly Step[]> = {
  set_aside: ["retry", "ignore"],
  failed: ["retry", "ignore"],
  done: ["replay"],
  ignored: ["replay"],
};

export function isState(text: string): text is State {
  return (STATES as readonly string[]).includes(text);
}

/** A state that this release doesn't know allows nothing; neither does an event whose body is gone. */
export function stepsOf({
  state,
  body_removed_at,
}: Pick<InboxHead, "state" | "body_removed_at">): readonly Step[] {
  return isState(state) && !body_removed_at ? STEPS[state] : [];
}

/** A body as people read it; as it came when it is no JSON. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
