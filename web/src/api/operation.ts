// How the server is doing: rates, durations, errors, decisions, drift, and who has changed what.
import { get } from "./http";

export interface Operation {
  uptime_seconds: number;
  /** Of the last five minutes. Durations are null without requests. */
  requests: {
    per_second: number | null;
    p50_ms: number | null;
    p95_ms: number | null;
    p99_ms: number | null;
    count: number;
    /** Status 500 and above. */
    errors: number;
    /** Status 429. */
    refused: number;
    seconds: number;
  };
  /** The following are counted since the start of the server. */
  routes: RouteCounts[];
  texts: number;
  verdicts: { spam: number; ham: number };
  cache: { hits: number; misses: number; entries: number; mb: number };
  queue: { waiting: number; refused: number };
  memory: { models_mb: number };
  connections: number;
  models: { model: string; version: string; texts: number; decisions: Record<string, number> }[];
  store: { available: boolean; history_waiting: number; history_lost: number; feedback_spooled: number } | null;
  drift: DriftReport | null;
  errors_audited: AuditedErrors | null;
}

export interface RouteCounts {
  route: string;
  count: number;
  p50_ms: number | null;
  p99_ms: number | null;
  errors: number;
  client_errors: number;
  refused: number;
}

/** A rate with its interval of 95 %. */
export interface Rate {
  rate: number | null;
  interval: [low: number, high: number];
  verdicts: number;
}

/** Error rates of verdicts by labels of people who did not see the verdicts. */
export interface AuditedErrors {
  labelled: number;
  waiting: number;
  false_positive_rate: Rate;
  false_negative_rate: Rate;
  false_discovery_rate: Rate;
  positives: Rate;
}

/** What `winnow drift --json` writes. */
export interface DriftReport {
  verdict?: string;
  [part: string]: unknown;
}

export interface MinuteCounts {
  /** End of the minute. */
  time: string;
  seconds: number;
  requests: number;
  per_second: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  errors: number;
  refused: number;
  texts: number;
  spam: number;
  ham: number;
  cache_hits: number;
  cache_misses: number;
  queued_texts: number;
}

export interface AuditEntry {
  id: number;
  time: string;
  actor: string;
  action: string;
  object: string;
  detail: Record<string, unknown>;
}

export const getOperation = (signal?: AbortSignal): Promise<Operation> => get("/v1/operation", {}, signal);
export const operationHistory = (minutes: number, signal?: AbortSignal): Promise<{ points: MinuteCounts[] }> =>
  get("/v1/operation/history", { minutes }, signal);
export const listAudit = (
  query: { action?: string; object?: string; before?: number; limit?: number },
  signal?: AbortSignal,
): Promise<{ entries: AuditEntry[]; next: number | null }> => get("/v1/audit", query, signal);
