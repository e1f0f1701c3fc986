import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { effectScope } from "vue";
import type { Job } from "@/api/jobs";
import { useRecentJobs } from "./runningJobs";

const job = (id: string, created: number, ended: number | null = null): Job => ({
  id,
  kind: "compare",
  title: "",
  state: ended === null ? "running" : "succeeded",
  created,
  started: created,
  ended,
  runs: 1,
  exit_code: null,
});

let server: Job[];
let ended: string[];
let scope: ReturnType<typeof effectScope>;

beforeEach(() => {
  server = [];
  ended = [];
  scope = effectScope();
  vi.stubGlobal("fetch", vi.fn(async () => Response.json({ jobs: server })));
});
afterEach(() => {
  scope.stop();
  vi.unstubAllGlobals();
});

const look = () => scope.run(() => useRecentJobs("compare", (each) => ended.push(each.id)))!;

/** Waits for the first list. */
async function looking() {
  const recent = look();
  await vi.waitFor(() => expect(recent.jobs.value).toHaveLength(server.length));
  return recent;
}

it("says whether a list has come: before that, it is not known whether there are jobs", async () => {
  server = [];
  const recent = look();
  expect(recent.listed.value).toBe(false);
  await vi.waitFor(() => expect(recent.listed.value).toBe(true));
  expect(recent.jobs.value).toEqual([]);
});

it("tells the end of a job that was running", async () => {
  server = [job("a", 5)];
  const { reload } = await looking();
  server = [job("a", 5, 9)];
  await reload();
  await reload();
  expect(ended).toEqual(["a"]);
});

it("tells the end of a job that was quicker than the next list, and not of those before", async () => {
  server = [job("b", 6, 7), job("a", 5, 9)];
  const { reload } = await looking();
  server = [job("c", 10, 11), ...server];
  await reload();
  await reload();
  expect(ended).toEqual(["c"]);
});

it("does not take an older job for a new one when a newer one is gone", async () => {
  server = [job("b", 6, 7)];
  const { reload } = await looking();
  server = [job("a", 5, 9)];
  await reload();
  expect(ended).toEqual([]);
});

it("tells the end of a job that the page has begun before the first list", async () => {
  server = [job("a", 5, 9)];
  const { begun } = look();
  await begun(job("a", 5)); // the first list is on its way
  await vi.waitFor(() => expect(ended).toEqual(["a"]));
});

it("tells each end of a job that is resumed", async () => {
  server = [job("a", 5, 9)];
  const { reload } = await looking();
  server = [job("a", 5, 20)];
  await reload();
  expect(ended).toEqual(["a"]);
});
