// The messages of the purchase inbox in English.
import type { Message } from "../../message.ts";

export const inbox = {
  "inbox.events": "Events",
  "inbox.state": "State",
  "inbox.source": "Source",
  "inbox.filter": "Show",
  "inbox.none": "No such event.",
  "inbox.received": "came {date}",
  "inbox.late": {
    one: "{count} minute late",
    other: "{count} minutes late",
  },
  "inbox.attempts": {
    one: "tried once",
    other: "tried {count} times",
  },
  "inbox.next": "again {date}",
  "inbox.body": "What it says",
  "inbox.bodyRemoved": "What it said was removed on {date}.",
  "inbox.conflict": "Its state has changed meanwhile. Load the list again.",
  "inbox.now": "The event is now: {state}.",
  "inbox.retry": "Try again",
  "inbox.retryNamed": "Try again {event}",
  "inbox.replay": "Replay",
  "inbox.replayNamed": "Replay {event}",
  "inbox.replayTitle": "Replay this event?",
  "inbox.replayLead": "What it gave before it does not give again; what was lost comes back.",
  "inbox.ignore": "Ignore",
  "inbox.ignoreNamed": "Ignore {event}",
  "inbox.ignoreTitle": "Ignore this event?",
  "inbox.ignoreLead": "It has no effect and is not tried again. You can replay it later.",

  "inboxState.done": "Done",
  "inboxState.failed": "Failed, will be tried again",
  "inboxState.set_aside": "Set aside",
  "inboxState.ignored": "Ignored",
} satisfies Record<string, Message>;
