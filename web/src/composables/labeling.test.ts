import { afterEach, expect, it, vi } from "vitest";
import { ref } from "vue";
import type { StoredMessage } from "@/api/filter";
import type { Said } from "@/logic/labels";
import { useLabeling } from "./labeling";

afterEach(() => vi.unstubAllGlobals());

it("does not take a newer label back with one that failed", async () => {
  const answers: ((response: Response) => void)[] = [];
  vi.stubGlobal("fetch", vi.fn(() => new Promise<Response>((resolve) => answers.push(resolve))));
  const own = ref<ReadonlyMap<string, Said>>(new Map());
  const { label } = useLabeling(own);
  const message = { id: "m", feedback: [], redacted: false } as unknown as StoredMessage;
  const first = label([message], "spam");
  const second = label([message], "ham");
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  answers[0]?.(Response.json({ error: "the store is down" }, { status: 503 }));
  await first;
  expect(own.value.get("m")).toBe("ham");
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.(Response.json({ results: [{ id: "m" }] }));
  await second;
  expect(own.value.get("m")).toBe("ham");
});
