// The shared worker: one stream of events for all tabs. A browser opens six connections to a server over HTTP/1.1, and a
// stream in each tab would use them up. Servers behind different paths of a host have workers of their own, since a worker is
// shared by its address.
import { root } from "@/api/root";
import type { FromWorker, ToWorker } from "./messages";
import { openStream } from "./stream";

const ports = new Set<MessagePort>();
let stream: ReturnType<typeof openStream> | null = null;
/** Null: the stream has neither been opened nor failed yet. */
let connected: boolean | null = null;

function tell(message: FromWorker): void {
  for (const port of ports) port.postMessage(message);
}

function ensureStream(): void {
  if (stream !== null) return stream.retryNow();
  stream = openStream(root + "/v1/events", {
    event: (type, data) => tell({ kind: "event", type, data }),
    state: (now) => {
      connected = now;
      tell({ kind: "state", connected: now });
    },
  });
}

function hear(port: MessagePort, message: ToWorker): void {
  if (message.kind === "leave") {
    ports.delete(port);
    if (ports.size > 0) return;
    stream?.close();
    stream = null;
    connected = null;
    return;
  }
  ports.add(port);
  if (typeof EventSource === "undefined") return port.postMessage({ kind: "unsupported" } satisfies FromWorker);
  ensureStream();
  // While it is still being opened nobody is offline.
  if (connected !== null) port.postMessage({ kind: "state", connected } satisfies FromWorker);
}

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (!port) return;
  port.addEventListener("message", (message: MessageEvent<ToWorker>) => hear(port, message.data));
  port.start();
});
