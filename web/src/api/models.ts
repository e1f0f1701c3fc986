// Models that the server serves, and those of its workspace.
import { get, post, remove, segment } from "./http";

export interface ServedModel {
  name: string;
  version: string;
  aliases: string[];
  kind: string;
  weights: string;
  labels: string[];
  positive_label: string;
  text_template: string;
  default: boolean;
  state: "loaded" | "unloaded" | "loading" | "failed";
  size_bytes: number;
  memory_bytes: number;
  metrics: Record<string, number>;
  path: string;
  last_used: string | null;
  error?: string;
}

export interface RegistryState {
  reachable: boolean;
  switches: number;
  failures: { name: string; alias: string; version: string; error: string }[];
}

/** A model of the workspace. A directory that is no whole model has an `error`, and little else. */
export interface WorkspaceModel {
  name: string;
  version?: string;
  kind?: string;
  base_model?: string | null;
  labels?: string[];
  texts?: number | null;
  f1_macro?: number | null;
  accuracy?: number | null;
  val_f1_macro?: number | null;
  trained?: string | null;
  size_mb?: number;
  quantized?: boolean;
  default?: boolean;
  loaded?: boolean;
  error?: string;
}

/** What training_info.json says, as far as the page reads it. */
export interface TrainingInfo {
  metrics?: Record<string, number>;
  intervals?: Record<string, [number, number]>;
  sample_count?: number;
  validation_count?: number;
  test_count?: number;
  label_counts?: Record<string, number>;
  training_time_seconds?: number;
  avg_inference_time_ms?: number;
  epochs_run?: number | null;
  base_model_id?: string;
  hyperparameters?: Record<string, unknown>;
  configuration?: Record<string, unknown>;
  verdict?: string;
}

/** What a training prints: that, and the label that false alarms are about. */
export type TrainingOutput = TrainingInfo & { name: string; positive_label?: string | null };

export interface WorkspaceModelDetails extends WorkspaceModel {
  /** The model card, in Markdown. */
  card: string;
  training_info: TrainingInfo;
  manifest: { positive_label?: string; thresholds?: Record<string, number>; temperature?: number; max_length?: number; text_template?: string } & Record<
    string,
    unknown
  >;
}

export interface Switch {
  time: string;
  model: string;
  by: string;
}

const path = (name: string): string => `/v1/workspace/models/${segment(name)}`;

export const listModels = (signal?: AbortSignal): Promise<{ models: ServedModel[]; registry?: RegistryState }> => get("/models", {}, signal);
export const switchModel = (model: string): Promise<{ model: string; version: string }> => post("/models/switch", { model });
export const workspaceModels = (): Promise<{ models: WorkspaceModel[] }> => get("/v1/workspace/models");
export const workspaceModel = (name: string): Promise<WorkspaceModelDetails> => get(path(name));
export const removeModel = (name: string): Promise<unknown> => remove(path(name));
export const restoreModel = (name: string): Promise<unknown> => post(`${path(name)}/restore`);
export const listSwitches = (): Promise<{ switches: Switch[] }> => get("/v1/workspace/switches");
