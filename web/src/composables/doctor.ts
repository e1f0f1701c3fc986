// The findings about a data file: of the job that has checked it, less those that were settled since.
import { computed, reactive, ref, shallowRef, watch } from "vue";
import type { DataFile, ReadingOptions } from "@/api/data";
import { jobOutput, listJobs, startJob, type Job } from "@/api/jobs";
import { afterChanges, changesOf, numbered, type DoctorReport, type Finding, type Fix } from "@/logic/findings";
import { asDate } from "@/logic/format";
import { jobOptions } from "@/logic/readingOptions";
import type { ChangeRows } from "./dataFile";
import { useJobLog } from "./jobLog";

interface Checked {
  report: DoctorReport;
  /** All findings of the report. */
  found: Finding[];
  /** The findings by the version of the file: rows move when others are removed, and back when that is undone. */
  findings: Map<string, Finding[]>;
  version: string;
}

/** By job. What was settled stays settled while one looks at other views. */
const checks = reactive(new Map<string, Checked>());

export interface DoctorOptions {
  file: () => DataFile | null;
  name: () => string;
  options: () => ReadingOptions;
  /** The job of the check; empty: none. */
  job: () => string;
  setJob: (id: string) => void;
  change: ChangeRows;
}

export function useDoctor(given: DoctorOptions) {
  const log = useJobLog(() => given.job() || null);
  const error = shallowRef<unknown>(null);
  const starting = ref(false);
  const checked = computed(() => checks.get(given.job()) ?? null);
  /** Null: the file has another version than those that the findings are known for. */
  const findings = computed(() => checked.value?.findings.get(checked.value.version) ?? null);

  const isOfFile = (job: Pick<Job, "title">): boolean => job.title === `check ${given.name()}`;

  async function load(id: string, began: number): Promise<void> {
    if (checks.has(id)) return;
    try {
      const report = await jobOutput<DoctorReport>(id);
      const file = given.file(); // as it is now
      if (!file || checks.has(id)) return;
      const found = numbered(report);
      const unchanged = asDate(file.modified).getTime() / 1000 <= began;
      checks.set(id, { report, found, findings: new Map(unchanged ? [[file.version, found]] : []), version: file.version });
    } catch (thrown) {
      if (id === given.job()) error.value = thrown;
    }
  }

  watch(
    () => [log.job.value, given.file()] as const,
    ([job, file]) => {
      // An address with a job of another file: its findings name rows of that file.
      if (job && !isOfFile(job)) given.setJob("");
      else if (job?.state === "succeeded" && file) void load(job.id, job.started ?? job.created);
    },
    { immediate: true },
  );
  watch(
    () => given.file()?.version,
    (version) => {
      if (checked.value && version) checked.value.version = version;
    },
    { immediate: true },
  );

  async function start(): Promise<void> {
    error.value = null;
    starting.value = true;
    try {
      const job = await startJob({ kind: "doctor", data: given.name(), options: jobOptions(given.options()) });
      given.setJob(job.id);
    } catch (thrown) {
      error.value = thrown;
    } finally {
      starting.value = false;
    }
  }

  /** Shows the last check of the file, if there is one. */
  async function findLast(): Promise<void> {
    if (given.job() !== "") return;
    const jobs = await listJobs({ kind: "doctor", limit: 50 }).catch(() => ({ jobs: [] }));
    const last = jobs.jobs.find(isOfFile);
    if (last && last.state !== "failed" && given.job() === "") given.setJob(last.id);
  }

  function settle(known: Checked, version: string, left: Finding[]): void {
    known.findings.set(version, left);
    known.version = version;
  }

  /** Carries out fixes of findings about rows; the findings then follow the rows. */
  async function fix(fixes: readonly { finding: Finding; fix: Fix }[]): Promise<boolean> {
    const known = checked.value;
    const before = findings.value;
    if (!known || !before) return false;
    const changes = changesOf(fixes.flatMap((each) => (each.finding.line === null ? [] : [{ row: each.finding.line, fix: each.fix }])));
    const done = await given.change(changes, known.version, (version) => settle(known, version, before));
    if (done) settle(known, done.version, afterChanges(before, changes));
    return done !== null;
  }

  function keep(finding: Finding): void {
    const known = checked.value;
    if (known && findings.value) settle(known, known.version, findings.value.filter((each) => each !== finding));
  }

  return { log, error, starting, checked, findings, start, findLast, fix, keep };
}
