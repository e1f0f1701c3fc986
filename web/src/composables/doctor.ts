// The findings about a data file: of the job that has checked it, less those that were settled since.
import { computed, reactive, shallowRef, watch } from "vue";
import { jobOutput, listJobs, startJob } from "@/api/jobs";
import type { ReadingOptions } from "@/api/data";
import type { RowChanges } from "@/api/dataRows";
import { afterChanges, changesOf, type DoctorReport, type Finding, type Fix } from "@/logic/findings";
import { asDate } from "@/logic/format";
import { jobOptions } from "@/logic/readingOptions";
import { useJobLog } from "./jobLog";

interface Checked {
  report: DoctorReport;
  findings: Finding[];
  /** When the file had been changed last, as far as the findings know. */
  modified: string | null;
}

/** By job. What was settled stays settled while one looks at other views; a reload of the page checks again. */
const checks = reactive(new Map<string, Checked>());

export interface DoctorOptions {
  name: () => string;
  options: () => ReadingOptions;
  /** The job of the check; empty: none. */
  job: () => string;
  setJob: (id: string) => void;
  modified: () => string | null;
  change: (changes: RowChanges, version?: string, undone?: () => void) => Promise<boolean>;
}

export function useDoctor(given: DoctorOptions) {
  const log = useJobLog(() => given.job() || null);
  const error = shallowRef<unknown>(null);
  const checked = computed(() => checks.get(given.job()) ?? null);
  /** The next change of the file is one of ours. */
  let own = false;

  const stale = computed(() => {
    const modified = given.modified();
    return checked.value !== null && modified !== null && checked.value.modified !== modified;
  });

  async function load(id: string): Promise<void> {
    if (checks.has(id)) return;
    try {
      const report = await jobOutput<DoctorReport>(id);
      const began = log.job.value?.started ?? log.job.value?.created ?? 0;
      const modified = given.modified();
      const before = modified !== null && asDate(modified).getTime() / 1000 <= began;
      checks.set(id, { report, findings: report.findings, modified: before ? modified : null });
    } catch (thrown) {
      error.value = thrown;
    }
  }

  watch(
    () => [log.job.value?.state, given.modified() !== null] as const,
    ([state, known]) => {
      if (state === "succeeded" && known) void load(given.job());
    },
    { immediate: true },
  );
  watch(given.modified, (now) => {
    if (own && checked.value) checked.value.modified = now;
    own = false;
  });

  async function start(): Promise<void> {
    error.value = null;
    try {
      const job = await startJob({ kind: "doctor", data: given.name(), options: jobOptions(given.options()) });
      given.setJob(job.id);
    } catch (thrown) {
      error.value = thrown;
    }
  }

  /** Shows the last check of the file, if there is one. */
  async function findLast(): Promise<void> {
    if (given.job() !== "") return;
    const jobs = await listJobs({ kind: "doctor", limit: 50 }).catch(() => ({ jobs: [] }));
    const last = jobs.jobs.find((job) => job.title.endsWith(` ${given.name()}`));
    if (last && last.state !== "failed" && given.job() === "") given.setJob(last.id);
  }

  /** Carries out fixes of findings about rows; the findings then follow the rows. */
  async function fix(fixes: readonly { finding: Finding; fix: Fix }[]): Promise<boolean> {
    const known = checked.value;
    if (!known) return false;
    const changes = changesOf(fixes.flatMap((each) => (each.finding.line === null ? [] : [{ row: each.finding.line, fix: each.fix }])));
    const before = known.findings;
    own = true;
    const done = await given.change(changes, undefined, () => {
      own = true;
      known.findings = before;
    });
    if (done) known.findings = afterChanges(before, changes);
    else own = false;
    return done;
  }

  function keep(finding: Finding): void {
    const known = checked.value;
    if (known) known.findings = known.findings.filter((each) => each !== finding);
  }

  return { log, error, checked, stale, start, findLast, fix, keep };
}
