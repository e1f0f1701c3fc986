// The jobs of one kind that wait or run now, as they come and go.
import { onScopeDispose, readonly, shallowRef } from "vue";
import { useEvents } from "@/api/events";
import { hasEnded, listJobs, type Job, type JobKind } from "@/api/jobs";

/** The newest jobs of a kind; `ended` is called with each job that the page has seen running and that has ended. */
export function useRecentJobs(kind: JobKind, ended: (job: Job) => void = () => undefined, limit = 20) {
  const jobs = shallowRef<Job[]>([]);
  const error = shallowRef<unknown>(null);
  let fetching = false;
  let again = false;
  let gone = false;

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
        const before = new Map(jobs.value.map((job) => [job.id, job.state]));
        jobs.value = fetched;
        error.value = null;
        for (const job of fetched) {
          const state = before.get(job.id);
          if (state !== undefined && !hasEnded(state) && hasEnded(job.state)) ended(job);
        }
      } catch (thrown) {
        error.value = thrown;
      }
    } while (again && !gone);
    fetching = false;
  }

  useEvents("job", (event) => {
    if (event.type === "state") void reload();
  });
  useEvents("reset", () => void reload());
  useEvents("open", () => void reload());
  onScopeDispose(() => (gone = true));
  void reload();
  return { jobs: readonly(jobs), error: readonly(error), reload };
}
