// The registry that the server follows: versions of models, what the aliases mean, experiments.
import { get, post, segment } from "./http";
import type { TrainingInfo } from "./models";

export interface RegistryModel {
  name: string;
  versions: number;
  highest_version: string;
  aliases: Record<string, string>;
  pushed_at: string;
}

export interface ModelVersion {
  name: string;
  version: string;
  aliases: string[];
  digest: string;
  kind: string;
  architecture: string;
  labels: string[];
  metrics: Record<string, number>;
  bytes: number;
  pushed_by: string;
  created_at: string;
}

export interface AliasChange {
  name: string;
  alias: string;
  sequence: number;
  version: string;
  from_version: string | null;
  actor: string;
  reason: string;
  created_at: string;
}

interface Test {
  log_evidence: number;
  candidates: number;
  count: number;
  decides: boolean;
}

interface Arm {
  answers: number;
  failed: number;
  median_seconds: number;
  p95_seconds: number;
}

export interface Experiment {
  experiment: string;
  phase: "running" | "promoting" | "rolling_back" | "promoted" | "rolled_back" | "stopped";
  active: boolean;
  champion: string;
  candidate: string;
  plan: { alpha: number; ramp: number[]; shadow: boolean; dry_run: boolean };
  share: number;
  pause: string | null;
  complaints: { rollback: Test; promotion: Test; waiting: number };
  labels: { rollback: Test; promotion: Test; waiting: number };
  difference: {
    labels: number;
    candidate_wrong: number;
    compared: number;
    disagreements: number;
    errors_per_message: number;
    errors_per_message_interval: [number, number];
  };
  users: { candidate: number; control: number; both: number };
  answers: { candidate: Arm; control: Arm };
  guardrails: { guardrail: string; text: string }[];
  decisions: { time: string; action: string; reason: string }[];
}

/** What `winnow retrain --json` prints. */
export interface RetrainOutput extends TrainingInfo {
  retrained: boolean;
  /** Why nothing was trained. */
  reason?: string;
  positive_label?: string | null;
  pushed?: string | null;
  promoted?: { alias: string } | null;
  gate?: {
    champion: string;
    challenger: string;
    passed: boolean;
    conditions: { name: string; held: boolean; measured: boolean; found: string }[];
    notes: string[];
  };
}

const path = (model: string): string => `/v1/registry/${segment(model)}`;

export const registryModels = (): Promise<{ models: RegistryModel[] }> => get("/v1/registry");
export const modelVersions = (model: string, signal?: AbortSignal): Promise<{ versions: ModelVersion[] }> => get(path(model), {}, signal);
export const aliasHistory = (model: string, limit = 20, signal?: AbortSignal): Promise<{ changes: AliasChange[] }> =>
  get(`${path(model)}/history`, { limit }, signal);
/** `expect`: the version that the alias means now; the server refuses if somebody was faster. */
export const promote = (model: string, version: string, expect: string | undefined, alias = "champion"): Promise<AliasChange> =>
  post(`${path(model)}/promote`, { version, alias, reason: "by the page", ...(expect === undefined ? {} : { expect }) });
export const rollback = (model: string, alias = "champion"): Promise<AliasChange> => post(`${path(model)}/rollback`, { alias, reason: "by the page" });
export const newestExperiment = (model: string, signal?: AbortSignal): Promise<Experiment> => get(`${path(model)}/ab`, {}, signal);
export const beginExperiment = (model: string, candidate: string, percent: number): Promise<Experiment> =>
  post(`${path(model)}/ab`, { candidate, percent });
export const stopExperiment = (model: string): Promise<Experiment> => post(`${path(model)}/ab/stop`, {});
