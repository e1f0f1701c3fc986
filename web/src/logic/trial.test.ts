import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { explain, tryTexts } from "./trial";

interface Body {
  texts: string[];
  mode?: string;
  explain?: boolean;
}
let bodies: Body[] = [];
let answer: (body: Body) => Response;

const results = (body: Body, threshold?: number) =>
  Response.json({ id: "1", model: "m", version: "1", results: body.texts.map((text) => ({ label: text, decision: text, threshold, explanation: { words: [] } })) });
const refused = (status: number) => Response.json({ error: "no positive label", error_type: "Validation" }, { status });

beforeEach(() => {
  bodies = [];
  vi.stubGlobal("fetch", vi.fn(async (_path: string, init: { body: string }) => {
    const body = JSON.parse(init.body) as Body;
    bodies.push(body);
    return answer(body);
  }));
});
afterEach(() => vi.unstubAllGlobals());
const signal = new AbortController().signal;

describe("a trial", () => {
  it("asks in pieces and keeps the order", async () => {
    answer = (body) => results(body, 0.5);
    const texts = Array.from({ length: 130 }, (_, index) => `t${index}`);
    const seen: number[] = [];
    const trial = await tryTexts(texts, "m", "strict", signal, (count) => seen.push(count));
    expect(trial.results.map((result) => result.label)).toEqual(texts);
    expect(bodies.map((body) => body.texts.length)).toEqual([64, 64, 2]);
    expect(bodies.every((body) => body.mode === "strict")).toBe(true);
    expect(seen).toEqual([64, 128, 130]);
    expect(trial.withoutMode).toBe(false);
  });
  it("does without a mode where the model has none", async () => {
    answer = (body) => (body.mode ? refused(422) : results(body));
    const trial = await tryTexts(["a"], "m", "lenient", signal);
    expect(trial.results).toHaveLength(1);
    expect(trial.withoutMode).toBe(true);
  });
  it("passes on other errors", async () => {
    answer = () => refused(503);
    await expect(tryTexts(["a"], "m", "lenient", signal)).rejects.toMatchObject({ status: 503 });
    answer = () => refused(422);
    await expect(tryTexts(["a"], "m", "moderate", signal)).rejects.toMatchObject({ status: 422 });
  });
});

describe("an explanation", () => {
  it("is null where there is none", async () => {
    answer = () => refused(422);
    expect(await explain("a", "m", signal)).toBeNull();
    expect(await explain("a".repeat(20_001), "m", signal)).toBeNull();
    expect(bodies).toHaveLength(1);
    answer = (body) => results(body);
    expect(await explain("a", "m", signal)).toEqual({ words: [] });
  });
});
