// The models of the server: what it serves, and what its workspace has.
import type { ServedModel, WorkspaceModel } from "@/api/models";

export interface ModelRow {
  /** The directory in the workspace, or null for a model from elsewhere. */
  directory: string | null;
  name: string;
  version: string;
  kind: string;
  labels: string[];
  metrics: Record<string, number>;
  served: ServedModel | null;
  workspace: WorkspaceModel | null;
  error: string | null;
}

/** One row per model: the default first, then by name; models that can't be used come last. */
export function modelRows(served: readonly ServedModel[], workspace: readonly WorkspaceModel[]): ModelRow[] {
  const rows: ModelRow[] = [];
  const left = new Map(workspace.map((model) => [model.name, model]));
  for (const model of served) {
    const own = left.get(model.path) ?? null;
    if (own) left.delete(model.path);
    rows.push({
      directory: own ? own.name : null,
      name: model.name,
      version: model.version,
      kind: model.kind,
      labels: model.labels,
      metrics: model.metrics,
      served: model,
      workspace: own,
      error: model.state === "failed" ? (model.error ?? "") : null,
    });
  }
  for (const model of left.values()) {
    const metrics: Record<string, number> = {};
    if (typeof model.accuracy === "number") metrics.accuracy = model.accuracy;
    if (typeof model.f1_macro === "number") metrics.f1_macro = model.f1_macro;
    rows.push({
      directory: model.name,
      name: model.name,
      version: model.version ?? "",
      kind: model.kind ?? "",
      labels: model.labels ?? [],
      metrics,
      served: null,
      workspace: model,
      error: model.error ?? null,
    });
  }
  const rank = (row: ModelRow): number => (row.served?.default ? 0 : row.error !== null ? 2 : 1);
  return rows.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
}
