// Models that the server serves, and those of its workspace.
import { get, post, remove, segment } from "./http";

export interface ServedModel {
  name: string;
  version: string;
  aliases: string[];
  kind: string;
  weights: string;
  labels: string[];
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

export interface WorkspaceModel {
  name: string;
  kind: string;
  base_model: string;
  labels: string[];
  texts: number;
  f1_macro: number | null;
  accuracy: number | null;
  trained: string;
  size_mb: number;
  quantized: boolean;
  default: boolean;
  loaded: boolean;
}

export interface WorkspaceModelDetails extends WorkspaceModel {
  /** The model card, in Markdown. */
  card: string;
  training_info: Record<string, unknown>;
  thresholds?: Record<string, unknown>;
  temperature?: number;
  version?: string;
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
