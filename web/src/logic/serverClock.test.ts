import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { request } from "@/api/http";
import { ago } from "./format";
import { learnServerTime, serverNow } from "./serverClock";

const noon = Date.UTC(2026, 10, 30, 12);

beforeEach(() => vi.useFakeTimers({ now: noon }));
afterEach(() => {
  vi.unstubAllGlobals();
  learnServerTime(new Date(noon).toUTCString(), noon, noon);
  vi.useRealTimers();
});

describe("the server's clock", () => {
  it("is this computer's while no answer says otherwise", () => {
    expect(serverNow()).toBe(noon);
    learnServerTime(null, noon, noon);
    learnServerTime("yesterday", noon, noon);
    expect(serverNow()).toBe(noon);
  });
  it("is this computer's where the time of an answer can be between its request and its arrival", () => {
    learnServerTime("Mon, 30 Nov 2026 11:59:59 GMT", noon - 200, noon + 400);
    expect(serverNow()).toBe(noon);
    learnServerTime("Mon, 30 Nov 2026 11:59:58 GMT", noon - 20_000, noon + 1000);
    expect(serverNow()).toBe(noon);
  });
  it("is ahead or behind otherwise", () => {
    learnServerTime("Mon, 30 Nov 2026 13:00:00 GMT", noon, noon);
    expect(serverNow()).toBe(noon + 3_600_500);
    learnServerTime("Mon, 30 Nov 2026 11:00:00 GMT", noon, noon);
    expect(serverNow()).toBe(noon - 3_599_500);
  });
  it("is learnt from every answer, and ages are by it", async () => {
    vi.stubGlobal("fetch", vi.fn(async () => new Response("{}", { headers: { Date: "Mon, 30 Nov 2026 15:00:00 GMT" } })));
    await request("GET", "/x");
    expect(ago("2026-11-30T14:55:00Z")).toBe("5 minutes ago");
  });
});
