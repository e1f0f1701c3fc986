import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FromWorker, ToWorker } from "./messages";

class Source extends EventTarget {
  static readonly CLOSED = 2;
  static made: Source[] = [];
  readyState = 0;
  constructor() {
    super();
    Source.made.push(this);
  }
  close(): void {
    this.readyState = Source.CLOSED;
  }
}

/** A tab that connects to the worker. Returns what it hears, and its way to say something. */
function tab(connect: (event: unknown) => void) {
  const heard: FromWorker[] = [];
  let listen: (message: { data: ToWorker }) => void = () => undefined;
  const port = {
    postMessage: (message: FromWorker) => heard.push(message),
    addEventListener: (_: string, listener: typeof listen) => (listen = listener),
    start: () => undefined,
  };
  connect({ ports: [port] });
  const say = (kind: ToWorker["kind"]): void => listen({ data: { kind } });
  say("connect");
  return { heard, say };
}

async function worker(): Promise<(event: unknown) => void> {
  let connect: (event: unknown) => void = () => undefined;
  vi.stubGlobal("addEventListener", (_: string, listener: typeof connect) => (connect = listener));
  vi.resetModules();
  await import("./worker");
  return connect;
}

beforeEach(() => {
  vi.stubGlobal("EventSource", Source);
  Source.made = [];
});
afterEach(() => vi.unstubAllGlobals());

it("says that the stream is open or has failed, and nothing while it is being opened", async () => {
  const connect = await worker();
  const first = tab(connect);
  expect(first.heard).toEqual([]);
  Source.made[0]?.dispatchEvent(new Event("open"));
  expect(first.heard).toEqual([{ kind: "state", connected: true }]);
  Source.made[0]?.dispatchEvent(new Event("error"));
  expect(first.heard.at(-1)).toEqual({ kind: "state", connected: false });
  expect(tab(connect).heard).toEqual([{ kind: "state", connected: false }]);
});

it("opens the stream anew for a tab that comes when all were gone", async () => {
  const connect = await worker();
  const first = tab(connect);
  Source.made[0]?.dispatchEvent(new Event("open"));
  first.say("leave");
  const second = tab(connect);
  expect(Source.made).toHaveLength(2);
  expect(second.heard).toEqual([]);
});
