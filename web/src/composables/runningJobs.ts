// The jobs of one kind that wait or run now, as they come and go.
import { onScopeDispose, readonly, ref, shallowRef } from "vue";
import { useEvents, useMissedEvents } from "@/api/events";
import { hasEnded, listJobs, type Job, type JobKind } from "@/api/jobs";

/** When a job has ended; null: it goes on. A job that is resumed ends at another time. */
const endOf = (job: Job): number | null => (hasEnded(job.state) ? (job.ended ?? 0) : null);

/**
 * The newest jobs of a kind. `ended` is called with each job that has ended since the first list, also with one that was quicker
 * than the next list. `begun` is for who has started a job: it may have ended before any list has come. `listed` says whether one has.
 */
export function useRecentJobs(kind: JobKind, ended: (job: Job) => void = () => undefined, limit = 20) {
  const jobs = shallowRef<Job[]>([]);
  const error = shallowRef<unknown>(null);
  const listed = ref(false);
  const ends = new Map<string, number | null>();
  /** When the newest of the jobs was created that lists have named; null: there was no list yet. */
  let newest: number | null = null;
  let fetching = false;
  let again = false;
  let gone = false;

  function take(fetched: Job[]): void {
    const isNew = (job: Job): boolean => newest !== null && job.created >= newest;
    const endedNow = fetched.filter((job) => endOf(job) !== null && (ends.has(job.id) ? ends.get(job.id) !== endOf(job) : isNew(job)));
    for (const job of fetched) ends.set(job.id, endOf(job));
    newest = Math.max(newest ?? 0, ...fetched.map((job) => job.created));
    jobs.value = fetched;
    listed.value = true;
    endedNow.forEach(ended);
  }

  async function reload(): Promise<void> {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    do {
      again = false;
      try {
        const fetched = (await listJobs({ kind, limit })).jobs;
        if (gone) return;
        error.value = null;
        take(fetched);
      } catch (thrown) {
        error.value = thrown;
      }
    } while (again && !gone);
    fetching = false;
  }

  async function begun(job: Job): Promise<void> {
    if (!ends.has(job.id)) ends.set(job.id, null);
    await reload();
  }

  useEvents("job", (event) => {
    if (event.type === "state") void reload();
  });
  useMissedEvents(() => void reload());
  onScopeDispose(() => (gone = true));
  void reload();
  return { jobs: readonly(jobs), listed: readonly(listed), error: readonly(error), reload, begun };
}
