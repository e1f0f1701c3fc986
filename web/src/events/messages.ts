// What the tabs and the shared worker say to each other.

export const kEventTypes = ["job", "models", "review", "data", "reset"] as const;
export type ServerEventType = (typeof kEventTypes)[number];

/** From the worker to a tab. */
export type FromWorker =
  | { kind: "event"; type: ServerEventType; data: unknown }
  | { kind: "state"; connected: boolean }
  | { kind: "unsupported" };

/** From a tab to the worker. */
export type ToWorker = { kind: "connect" } | { kind: "leave" };
