// Benchmarks of all models of the workspace, their history, and the models that were fine-tuned.
import { ApiError, get, reach, remove, segment } from "./http";
import type { ReadingOptions } from "./data";
import { runOf, type BenchmarkRun, type RunJson } from "@/logic/benchmarks";

export interface FineTuned {
  name: string;
  base_model: string | null;
  val_macro_f1: number | null;
  timestamp: string | null;
  sample_count: number | null;
}

export interface RunPage {
  runs: BenchmarkRun[];
  /** What `before` of the next page is; null: these are the oldest. */
  next: string | null;
}

export const fineTuned = (signal?: AbortSignal): Promise<FineTuned[]> => get("/api/finetune/status", {}, signal);

export async function listBenchmarks(before?: string, limit = 50, signal?: AbortSignal): Promise<RunPage> {
  const page = await get<{ runs: RunJson[]; next: string | null }>("/v1/benchmarks", { before, limit }, signal);
  return { runs: page.runs.map(runOf), next: page.next };
}

export const removeBenchmark = (id: string): Promise<unknown> => remove(`/v1/benchmarks/${segment(id)}`);

/** With confidence intervals, which lists don't have. */
export async function getBenchmark(id: string, signal?: AbortSignal): Promise<BenchmarkRun> {
  return runOf(await get<RunJson>(`/v1/benchmarks/${segment(id)}`, {}, signal));
}

/**
 * Starts a benchmark that is kept in the history. The route streams it; the page follows the job by the stream that all
 * tabs share, so this one is left as soon as the server has begun. The server goes on by itself. `heldOut`: only the
 * texts that trainings on this file hold out, which their models have not seen. `reading`: how the file is read.
 */
export async function startBenchmark(data: string, heldOut: boolean, reading: ReadingOptions): Promise<void> {
  const controller = new AbortController();
  const query = { ...reading, data, part: heldOut ? "test" : "all", save: 1 };
  const response = await reach("/api/benchmark/run", query, {
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
