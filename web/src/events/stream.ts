// One stream of GET /v1/events that connects again by itself. Used in the shared worker and, where there is none, in the tab.
import { kEventTypes, type ServerEventType } from "./messages";

export interface StreamListener {
  event(type: ServerEventType, data: unknown): void;
  state(connected: boolean): void;
}

const kFirstWait = 1_000;
const kLongestWait = 60_000;

/** Follows the stream until `close`. Where events may have been missed, the listener gets `reset`. */
export function openStream(url: string, listener: StreamListener): { close(): void; retryNow(): void } {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = kFirstWait;
  let sources = 0;

  function connect(): void {
    timer = undefined;
    const current = new EventSource(url);
    source = current;
    let opened = false;
    sources += 1;
    current.addEventListener("open", () => {
      wait = kFirstWait;
      // The browser connects again by itself with Last-Event-ID; a new source doesn't know the last ID of the former one.
      if (!opened && sources > 1) listener.event("reset", {});
      opened = true;
      listener.state(true);
    });
    current.addEventListener("error", () => {
      listener.state(false);
      // Closed: the server refused, and the browser gives up.
      if (current.readyState !== EventSource.CLOSED || source !== current) return;
      source = null;
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, kLongestWait);
    });
    for (const type of kEventTypes) {
      current.addEventListener(type, (event) => listener.event(type, JSON.parse((event as MessageEvent<string>).data)));
    }
  }

  connect();
  return {
    close() {
      if (timer !== undefined) clearTimeout(timer);
      source?.close();
      source = null;
    },
    retryNow() {
      if (source !== null) return;
      if (timer !== undefined) clearTimeout(timer);
      wait = kFirstWait;
      connect();
    },
  };
}
