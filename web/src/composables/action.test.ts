import { beforeEach, expect, test } from "vitest";
import { ApiError } from "@/api/http";
import { useAction } from "./action";
import { useToast } from "./toast";

const { toasts, dismiss } = useToast();

beforeEach(() => {
  for (const { id } of [...toasts.value]) dismiss(id);
});

test("an action is busy until it has ended", async () => {
  const { busy, act } = useAction();
  let end = (): void => undefined;
  const acting = act(() => new Promise<void>((resolve) => (end = resolve)));
  expect(busy.value).toBe(true);
  end();
  await acting;
  expect(busy.value).toBe(false);
  expect(toasts.value).toEqual([]);
});

test("the error of an action is told, and the next action can begin", async () => {
  const { busy, act } = useAction();
  await act(() => Promise.reject(new ApiError(429, "Overloaded", "20 jobs are waiting already")));
  expect(busy.value).toBe(false);
  expect(toasts.value.map(({ text, tone }) => [text, tone])).toEqual([["20 jobs are waiting already", "bad"]]);
  let done = false;
  await act(async () => {
    done = true;
  });
  expect(done).toBe(true);
});
