import { expect, test } from "vitest";
import { effectScope } from "vue";
import { ApiError } from "@/api/http";
import { useLoad } from "./load";

test("what was fetched stays when the session ends, and other errors are told", async () => {
  let answer = (): Promise<number> => Promise.resolve(1);
  const scope = effectScope();
  const load = scope.run(() => useLoad(() => answer()))!;
  await load.reload();
  expect([load.data.value, load.error.value]).toEqual([1, null]);
  answer = () => Promise.reject(new ApiError(401, "Unauthorized", "The session has ended."));
  await load.reload();
  expect([load.data.value, load.error.value, load.loading.value]).toEqual([1, null, false]);
  const broken = new ApiError(503, "Unavailable", "The store is down.");
  answer = () => Promise.reject(broken);
  await load.reload();
  expect([load.data.value, load.error.value]).toEqual([1, broken]);
  scope.stop();
});

test("without anything fetched, the end of the session is an error", async () => {
  const ended = new ApiError(401, "Unauthorized", "The session has ended.");
  const scope = effectScope();
  const load = scope.run(() => useLoad(() => Promise.reject<number>(ended)))!;
  await load.reload();
  expect([load.data.value, load.error.value]).toEqual([null, ended]);
  scope.stop();
});
