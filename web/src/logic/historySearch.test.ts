import { describe, expect, it } from "vitest";
import {
  addressOfSearch,
  emptySearch,
  partsOf,
  requestOfSearch,
  searchOfAddress,
  withoutPart,
  type HistorySearch,
} from "./historySearch";

const now = new Date("2026-11-29T12:00:00Z");

const full: HistorySearch = {
  text: "parcel & fee?",
  sender: "+447700900123",
  user: "anna",
  verdict: "spam",
  source: "rules",
  symbol: "PRIZE_WON",
  min: "50",
  max: "90",
  time: "custom",
  from: "2026-11-28T10:00",
  to: "2026-11-29T10:00",
  before: 17,
};

describe("addresses", () => {
  it("give back every search", () => {
    expect(searchOfAddress(addressOfSearch(full))).toEqual(full);
    expect(searchOfAddress(addressOfSearch({ ...emptySearch }))).toEqual(emptySearch);
  });

  it("are empty for an empty search", () => {
    expect(addressOfSearch({ ...emptySearch })).toEqual({});
  });

  it("leave out the bounds of a custom range once another range is chosen", () => {
    expect(addressOfSearch({ ...full, time: "day" })).not.toHaveProperty("from");
  });

  it("that are wrong count as not said", () => {
    const wrong = { verdict: "maybe", source: "oracle", time: "century", before: "-3", min: "high", max: "400" };
    expect(searchOfAddress(wrong)).toEqual(emptySearch);
    expect(searchOfAddress({ before: "1e99" }).before).toBe(0);
    expect(searchOfAddress({ text: ["first", "second"], user: null })).toEqual({ ...emptySearch, text: "first" });
  });
});

describe("requests", () => {
  it("ask the server for shares instead of percent", () => {
    expect(requestOfSearch(full, now)).toMatchObject({ min_score: "0.5", max_score: "0.9", isSpam: "true", before: "17" });
  });

  it("of an empty search ask for the newest page alone", () => {
    expect(requestOfSearch({ ...emptySearch }, now)).toEqual({ limit: "25" });
  });

  it("leave out what is only spaces", () => {
    expect(requestOfSearch({ ...emptySearch, text: "  ", sender: " a@b " }, now)).toEqual({ limit: "25", sender: "a@b" });
  });

  it("say from when messages are", () => {
    expect(requestOfSearch({ ...emptySearch, time: "hour" }, now).since).toBe("2026-11-29T11:00:00Z");
  });
});

describe("parts", () => {
  it("are what a search says", () => {
    expect(partsOf({ ...emptySearch, before: 5 })).toEqual([]);
    expect(partsOf(full)).toEqual(["text", "verdict", "time", "sender", "user", "source", "symbol", "min"]);
    expect(partsOf({ ...emptySearch, max: "20" })).toEqual(["min"]);
  });

  it("can be taken away one by one, back to the first page", () => {
    let search = full;
    for (const part of partsOf(full)) search = withoutPart(search, part);
    expect(search).toEqual(emptySearch);
    expect(withoutPart(full, "sender")).toEqual({ ...full, sender: "", before: 0 });
  });
});
