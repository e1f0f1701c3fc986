// Jobs: trainings, evaluations and comparisons that the server runs.
import { get, post, segment } from "./http";

export type JobState = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "interrupted";
export type JobKind = "train" | "evaluate" | "compare" | "doctor" | "retrain" | "quantize" | "drift";

export interface Job {
  id: string;
  kind: JobKind;
  /** The job in words. */
  title: string;
  state: JobState;
  /** Times are seconds since 1970. */
  created: number;
  started: number | null;
  ended: number | null;
  /** How often it was started. */
  runs: number;
  exit_code: number | null;
  owner?: string;
  error?: string;
}

export type JobEvent =
  | { type: "state"; state: JobState }
  | {
      type: "progress";
      work: string;
      done: number;
      /** Left out where it is unknown. */
      total?: number;
      seconds?: number;
      loss?: number;
      rate?: string;
      remaining_seconds?: number;
    }
  | ({ type: "evaluation"; epoch: number; step: number; loss?: number; f1_macro?: number; accuracy?: number } & Record<string, unknown>)
  | { type: "log"; level: string; message: string }
  | { type: "error"; message: string };

/** An event of a job; its events count from 1. */
export type NumberedEvent = JobEvent & { id: number };

export interface StartJob {
  kind: JobKind;
  data?: string;
  model?: string;
  models?: string[];
  options?: Record<string, string | number | boolean>;
}

export interface LogPage {
  events: NumberedEvent[];
  /** The ID behind which the next page begins; null: there are no more events now. */
  next: number | null;
}

export const startJob = (job: StartJob): Promise<Job> => post<Job>("/v1/jobs", job);
export const listJobs = (query: { kind?: JobKind; state?: JobState; before?: string; limit?: number } = {}): Promise<{ jobs: Job[] }> =>
  get("/v1/jobs", query);
export const getJob = (id: string, signal?: AbortSignal): Promise<Job> => get(`/v1/jobs/${segment(id)}`, {}, signal);
export const jobLog = (id: string, after = 0, limit = 1000, signal?: AbortSignal): Promise<LogPage> =>
  get(`/v1/jobs/${segment(id)}/log`, { after, limit }, signal);
export const jobOutput = <T>(id: string): Promise<T> => get<T>(`/v1/jobs/${segment(id)}/output`);
export const cancelJob = (id: string): Promise<Job> => post(`/v1/jobs/${segment(id)}/cancel`);
export const resumeJob = (id: string): Promise<Job> => post(`/v1/jobs/${segment(id)}/resume`);

export const hasEnded = (state: JobState): boolean => state !== "queued" && state !== "running";
