// Benchmarks of all models of the workspace, their history, and the models that were fine-tuned.
import { ApiError, get, remove, segment, withQuery } from "./http";
import { runOfComparison, type BenchmarkRun } from "@/logic/benchmarks";

export interface FineTuned {
  name: string;
  base_model: string;
  val_macro_f1: number | null;
  timestamp: string;
  sample_count: number;
}

export interface RunPage {
  runs: BenchmarkRun[];
  /** What `before` of the next page is; null: these are the oldest. */
  next: string | null;
}

export const fineTuned = (signal?: AbortSignal): Promise<FineTuned[]> => get("/api/finetune/status", {}, signal);
export const listBenchmarks = (before?: string, limit = 50, signal?: AbortSignal): Promise<RunPage> =>
  get("/v1/benchmarks", { before, limit }, signal);
export const removeBenchmark = (id: string): Promise<unknown> => remove(`/v1/benchmarks/${segment(id)}`);

/** The whole comparison, with confidence intervals. */
export async function getBenchmark(id: string, signal?: AbortSignal): Promise<BenchmarkRun> {
  return runOfComparison(id, await get(`/v1/benchmarks/${segment(id)}`, {}, signal));
}

/**
 * Starts a benchmark that is kept in the history. The route streams it; the page follows the job by the stream that all
 * tabs share, so this one is left as soon as the server has begun. The server goes on by itself.
 */
export async function startBenchmark(data: string): Promise<void> {
  const controller = new AbortController();
  const response = await fetch(withQuery("/api/benchmark/run", { data, save: 1 }), {
    credentials: "same-origin",
    headers: { Accept: "text/event-stream" },
    signal: controller.signal,
  });
  if (!response.ok) {
    const body = (await response.json().catch(() => ({}))) as { error?: string; error_type?: string };
    throw new ApiError(response.status, body.error_type ?? "Unknown", body.error ?? response.statusText);
  }
  const reader = response.body?.getReader();
  const first = await reader?.read();
  controller.abort();
  const text = first?.value ? new TextDecoder().decode(first.value) : "";
  const line = /^data: (.*)$/m.exec(text)?.[1];
  const event = line ? (JSON.parse(line) as { type?: string; message?: string }) : {};
  if (event.type === "error") throw new ApiError(200, "Failed", event.message ?? "");
}
