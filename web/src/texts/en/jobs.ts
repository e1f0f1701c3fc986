// Texts about jobs: their states, progress and logs.
import type { JobState } from "@/api/jobs";
import { count, duration, plural } from "@/logic/format";

const kStates: Record<JobState, string> = {
  queued: "waiting",
  running: "running",
  succeeded: "done",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "interrupted",
};

export const jobLogTexts = {
  state: (state: JobState) => `The job is ${kStates[state]}.`,
  search: "Search the log",
  match: (current: string, all: string) => `${current} of ${all}`,
  noMatch: "No line matches",
  lines: (lines: number) => plural(lines, "line"),
  previous: "Previous match",
  next: "Next match",
  toEnd: "Go to the end",
  empty: "Lines appear here as soon as the job writes any.",
  dropped: (lines: number) =>
    lines === 1 ? "The first line is no longer shown here; the server keeps it." : `The first ${count(lines)} lines are no longer shown here; the server keeps them.`,
  level: { warning: "Warning: ", error: "Error: " },
};

export const jobProgressTexts = {
  states: kStates,
  waiting: "The job starts as soon as another one has ended.",
  starting: "The job is starting.",
  /** What the server calls the work, in words. */
  work: (name: string): string => kWork[name] ?? name,
  done: (done: number, total: number) => (total > 0 ? `${count(done)} of ${count(total)}` : count(done)),
  left: (seconds: number) => (seconds < 1 ? "almost done" : `about ${duration(seconds)} left`),
  took: (seconds: number) => `It took ${duration(seconds)}.`,
  loss: (loss: string) => `loss ${loss}`,
  cancel: "Cancel",
  resume: "Resume",
  startAgain: "Start again",
  progress: "Progress",
  cancelled: "The job was cancelled.",
  cancelledTraining: "The training was cancelled. It can go on from its last checkpoint.",
  interrupted: "The server was stopped while this job ran.",
  interruptedTraining: "The server was stopped while this job ran. The training can go on from its last checkpoint.",
  failed: "The job failed.",
};

const kWork: Record<string, string> = {
  train: "Training",
  evaluate: "Evaluating",
  validate: "Evaluating",
  compare: "Measuring the models",
  download: "Downloading the base model",
  tokenize: "Reading the texts",
  doctor: "Checking the texts",
  drift: "Comparing the texts",
  calibrate: "Calibrating",
  quantize: "Quantizing",
  latency: "Measuring the speed",
};
