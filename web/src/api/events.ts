// Events of the server, by one stream for all tabs.
import { onScopeDispose, readonly, ref } from "vue";
import type { FromWorker, ServerEventType, ToWorker } from "@/events/messages";
import { openStream } from "@/events/stream";
import type { JobEvent } from "./jobs";
import { root } from "./root";

export interface EventData {
  job: JobEvent & { job: string; id: number };
  models: Record<string, never>;
  review: { set: string; labelled: number };
  data: { name: string };
  /** What was missed is unknown: fetch everything again. */
  reset: Record<string, never>;
  /** The stream is open for the first time: what happened since the page was loaded was missed. */
  open: Record<string, never>;
}

type EventType = ServerEventType | "open";

type Handler = (data: never) => void;
const handlers = new Map<EventType, Set<Handler>>();
const connected = ref(true);
let wasOpen = false;
let started = false;
let port: MessagePort | null = null;
let own: ReturnType<typeof openStream> | null = null;

function dispatch(type: EventType, data: unknown): void {
  for (const handler of [...(handlers.get(type) ?? [])]) handler(data as never);
}

function setConnected(now: boolean): void {
  connected.value = now;
  if (!now || wasOpen) return;
  wasOpen = true;
  dispatch("open", {});
}

function openOwn(): void {
  own ??= openStream(root + "/v1/events", { event: dispatch, state: setConnected });
}

function send(message: ToWorker): void {
  port?.postMessage(message);
}

function hear(message: FromWorker): void {
  if (message.kind === "event") dispatch(message.type, message.data);
  else if (message.kind === "state") setConnected(message.connected);
  else openOwn();
}

function openShared(): void {
  const worker = new SharedWorker(new URL("../events/worker.ts", import.meta.url), { type: "module", name: "winnow-events" });
  // A worker that can't be loaded leaves the tab to itself.
  worker.addEventListener("error", () => openOwn());
  port = worker.port;
  port.addEventListener("message", (event: MessageEvent<FromWorker>) => hear(event.data));
  port.start();
  send({ kind: "connect" });
  addEventListener("pagehide", () => send({ kind: "leave" }));
  // A page that comes back from the browser's cache has missed what happened.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    send({ kind: "connect" });
    dispatch("reset", {});
  });
}

/** Starts the stream once; again after a sign-in. */
export function startEvents(): void {
  if (started) {
    send({ kind: "connect" });
    own?.retryNow();
    return;
  }
  started = true;
  if (typeof SharedWorker === "undefined") openOwn();
  else openShared();
}

/** To be called when events may have been missed. */
export function fetchAgain(): void {
  dispatch("reset", {});
}

/** Calls `handler` for each event of this type, until the component is gone. */
export function useEvents<T extends EventType>(type: T, handler: (data: EventData[T]) => void): void {
  const set = handlers.get(type) ?? new Set<Handler>();
  handlers.set(type, set);
  set.add(handler as Handler);
  onScopeDispose(() => set.delete(handler as Handler));
}

/** Calls `handler` whenever events may have been missed: what was fetched before may be old. */
export function useMissedEvents(handler: () => unknown): void {
  useEvents("reset", handler);
  useEvents("open", handler);
}

/** Whether the stream is connected: false means that what the page shows may be old. */
export const eventsConnected = readonly(connected);
