// One job as it goes on: its record, its log, its progress and its curves.
import { onScopeDispose, readonly, ref, shallowRef, watch } from "vue";
import { useEvents, useMissedEvents } from "@/api/events";
import { getJob, jobLog, type Job, type NumberedEvent } from "@/api/jobs";
import { addToCurves, emptyCurves } from "@/logic/curves";
import { JobFollower } from "@/logic/jobFollower";
import { advance, emptyProgress } from "@/logic/jobProgress";
import { LogStore } from "@/logic/logStore";
import { t } from "@/texts/en";

/** Events per request while a log is fetched. */
const kPage = 5000;

/** Follows the job of that ID; null: none. What has changed is shown a few times a second, however fast events come. */
export function useJobLog(id: () => string | null) {
  const job = shallowRef<Job | null>(null);
  const error = shallowRef<unknown>(null);
  const progress = shallowRef(emptyProgress());
  const version = ref(0);
  const store = new LogStore(t.jobLog);
  let curves = emptyCurves();
  let follower: JobFollower | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function show(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      version.value++;
    }, 50);
  }

  function take(events: NumberedEvent[]): void {
    store.append(events);
    addToCurves(curves, events);
    progress.value = events.reduce(advance, progress.value);
    if (events.some((event) => event.type === "state")) void fetchJob();
    show();
  }

  let asked = 0;
  /** Answers may change places: the last request has the latest state. */
  async function fetchJob(): Promise<void> {
    const wanted = id();
    if (wanted === null) return;
    const turn = ++asked;
    const isLast = (): boolean => turn === asked && id() === wanted;
    try {
      const fetched = await getJob(wanted);
      if (!isLast()) return;
      job.value = fetched;
      error.value = null;
    } catch (thrown) {
      if (isLast()) error.value = thrown;
    }
  }

  function begin(): void {
    follower?.stop();
    follower = null;
    store.clear();
    curves = emptyCurves();
    progress.value = emptyProgress();
    job.value = null;
    error.value = null;
    show();
    const wanted = id();
    if (wanted === null) return;
    follower = new JobFollower({
      fetchPage: (after, signal) => jobLog(wanted, after, kPage, signal),
      take,
      fail: (thrown) => (error.value = thrown),
    });
    void follower.refresh();
    void fetchJob();
  }

  watch(id, begin, { immediate: true });
  useEvents("job", (event) => {
    if (event.job === id()) follower?.hear(event);
  });
  useMissedEvents(() => {
    void follower?.refresh();
    void fetchJob();
  });
  onScopeDispose(() => {
    follower?.stop();
    if (timer !== undefined) clearTimeout(timer);
  });

  return {
    job: readonly(job),
    error: readonly(error),
    progress: readonly(progress),
    /** Changes whenever `store` or the curves have changed: neither is reactive by itself. */
    version: readonly(version),
    store,
    curves: () => curves,
    refresh: async () => {
      await Promise.all([follower?.refresh(), fetchJob()]);
    },
  };
}
