import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openStream } from "./stream";

class Source extends EventTarget {
  static readonly CLOSED = 2;
  static made: Source[] = [];
  readyState = 0;
  constructor(readonly url: string) {
    super();
    Source.made.push(this);
  }
  close(): void {
    this.readyState = 2;
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
  fail(closed: boolean): void {
    this.readyState = closed ? 2 : 0;
    this.dispatchEvent(new Event("error"));
  }
}

const seen: unknown[] = [];
const start = () => openStream("/v1/events", { event: (type, data) => seen.push([type, data]), state: (now) => seen.push(now) });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
  Source.made = [];
  seen.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the stream of events", () => {
  it("passes on events by type", () => {
    start();
    Source.made[0]?.open();
    Source.made[0]?.dispatchEvent(new MessageEvent("job", { data: '{"job":"5c","id":1}' }));
    expect(seen).toEqual([true, ["job", { job: "5c", id: 1 }]]);
  });
  it("leaves it to the browser to connect again, which resumes", () => {
    start();
    Source.made[0]?.open();
    Source.made[0]?.fail(false);
    Source.made[0]?.open();
    vi.advanceTimersByTime(120_000);
    expect(Source.made).toHaveLength(1);
    expect(seen).toEqual([true, false, true]);
  });
  it("connects anew after a refusal, ever later, and says that events were missed", () => {
    start();
    Source.made[0]?.open();
    Source.made[0]?.fail(true);
    vi.advanceTimersByTime(1_000);
    expect(Source.made).toHaveLength(2);
    Source.made[1]?.fail(true);
    vi.advanceTimersByTime(1_000);
    expect(Source.made).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(Source.made).toHaveLength(3);
    Source.made[2]?.open();
    expect(seen).toEqual([true, false, false, ["reset", {}], true]);
  });
  it("tries at once when asked, and only if it isn't connected", () => {
    const stream = start();
    stream.retryNow();
    expect(Source.made).toHaveLength(1);
    Source.made[0]?.fail(true);
    stream.retryNow();
    expect(Source.made).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(Source.made).toHaveLength(2);
  });
  it("ends", () => {
    const stream = start();
    Source.made[0]?.fail(true);
    stream.close();
    vi.advanceTimersByTime(60_000);
    expect(Source.made).toHaveLength(1);
  });
});
