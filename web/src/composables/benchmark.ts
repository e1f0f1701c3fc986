// The benchmarks of this server: their history, the one that runs now, and the one that follows a training by itself.
import { computed, shallowRef } from "vue";
import { getBenchmark, listBenchmarks, startBenchmark } from "@/api/benchmarks";
import type { ReadingOptions } from "@/api/data";
import { useEvents } from "@/api/events";
import { ApiError } from "@/api/http";
import { hasEnded, listJobs, type Job } from "@/api/jobs";
import type { BenchmarkRun } from "@/logic/benchmarks";
import { plainSentence } from "@/logic/plainWords";
import { t } from "@/texts/en";
import { useLoad } from "./load";
import { useRecentJobs } from "./runningJobs";
import { useToast } from "./toast";

/** At first as many as are seen at once; then more with each request. */
const kFirst = 12;
const kPage = 50;

/** `selected`: the run that is shown; empty: the latest. */
export function useBenchmarks(selected: () => string) {
  const { show } = useToast();
  const older = shallowRef<BenchmarkRun[]>([]);
  const next = shallowRef<string | null>(null);
  const first = useLoad(async (signal) => {
    const page = await listBenchmarks(undefined, kFirst, signal);
    older.value = [];
    next.value = page.next;
    return page.runs;
  });
  const runs = computed(() => [...(first.data.value ?? []), ...older.value]);
  const id = computed(() => selected() || first.data.value?.[0]?.id || "");
  /** The whole comparison, with intervals; the history has what the charts need until it is there. */
  const whole = useLoad(async (signal) => (id.value === "" ? null : await getBenchmark(id.value, signal)), [id]);
  const run = computed(() => (whole.data.value?.id === id.value ? whole.data.value : (runs.value.find((each) => each.id === id.value) ?? null)));
  const compares = useRecentJobs("compare", (job) => {
    void first.reload();
    show(job.state === "succeeded" ? t.benchmark.runDone : `${t.jobProgress.failed} ${plainSentence(job.error ?? "")}`, {
      tone: job.state === "succeeded" ? "good" : "bad",
    });
  });
  // The server has the run when it tells that the job has succeeded. A list may say so a moment before.
  useEvents("job", (event) => {
    if (event.type === "state" && event.state === "succeeded" && compares.jobs.value.some((job) => job.id === event.job)) void first.reload();
  });

  const running = computed(() => compares.jobs.value.find((job) => !hasEnded(job.state)) ?? null);

  async function showOlder(): Promise<void> {
    if (next.value === null) return;
    const newest = first.data.value;
    const page = await listBenchmarks(next.value, kPage);
    if (newest !== first.data.value) return showOlder(); // fetched again meanwhile: the page does not follow it
    older.value = [...older.value, ...page.runs];
    next.value = page.next;
  }

  async function start(data: string, heldOut: boolean, reading: ReadingOptions): Promise<void> {
    await startBenchmark(data, heldOut, reading);
    await compares.reload();
  }

  return { runs, run, running, first, error: first.error, hasOlder: computed(() => next.value !== null), showOlder, start, reload: first.reload };
}

/** Tabs that look at one training agree on who starts its benchmark. */
async function withLock(name: string, action: () => Promise<void>): Promise<void> {
  if (typeof navigator.locks === "undefined") await action(); // an address that isn't secure has no locks
  else await navigator.locks.request(name, action);
}

/** Measures all models after a training, on texts that it held out, unless that has been done since by this tab or another one. */
export function measureAfter(job: Job, data: string, reading: ReadingOptions): Promise<void> {
  return withLock("winnow-benchmark", async () => {
    const { jobs } = await listJobs({ kind: "compare", limit: 20 });
    if (jobs.some((each) => each.created >= (job.ended ?? 0))) return;
    try {
      await startBenchmark(data, true, reading);
    } catch (error) {
      // Somebody else was quicker.
      if (!(error instanceof ApiError && error.status === 409)) throw error;
    }
  });
}
