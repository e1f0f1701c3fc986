// What differs between two models.
import type { WorkspaceModelDetails } from "@/api/models";

export interface DifferenceRow {
  name: string;
  a: string;
  b: string;
  differs: boolean;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? value.toLocaleString("en-US") : String(Number(value.toPrecision(4)));
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length > 12 ? `${value.length}` : value.map(textOf).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The members of an object that are no objects themselves; those of inner objects are named "outer.inner". */
function flat(object: Record<string, unknown> | undefined, prefix = ""): Map<string, unknown> {
  const members = new Map<string, unknown>();
  for (const [name, value] of Object.entries(object ?? {})) {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      for (const [inner, deep] of flat(value as Record<string, unknown>, `${prefix}${name}.`)) members.set(inner, deep);
    } else if (!Array.isArray(value) || value.every((entry) => typeof entry !== "object")) {
      members.set(prefix + name, value);
    }
  }
  return members;
}

function rowsOf(a: Map<string, unknown>, b: Map<string, unknown>): DifferenceRow[] {
  return [...new Set([...a.keys(), ...b.keys()])].map((name) => {
    const row = { name, a: textOf(a.get(name)), b: textOf(b.get(name)) };
    return { ...row, differs: row.a !== row.b };
  });
}

/** The settings of the two trainings that are not the same. */
export function settingsThatDiffer(a: WorkspaceModelDetails, b: WorkspaceModelDetails): DifferenceRow[] {
  const settings = (model: WorkspaceModelDetails): Map<string, unknown> =>
    new Map([...flat(model.training_info.hyperparameters), ...flat(model.training_info.configuration)]);
  return rowsOf(settings(a), settings(b)).filter((row) => row.differs);
}

/** The labels that only one of the two knows. */
export function labelsThatDiffer(a: readonly string[], b: readonly string[]): { onlyA: string[]; onlyB: string[] } {
  const inA = new Set(a);
  const inB = new Set(b);
  return { onlyA: a.filter((label) => !inB.has(label)), onlyB: b.filter((label) => !inA.has(label)) };
}

/** Whether two intervals overlap: then the difference may be chance. */
export function mayBeChance(a: readonly [number, number] | undefined, b: readonly [number, number] | undefined): boolean | null {
  if (!a || !b) return null;
  return a[0] <= b[1] && b[0] <= a[1];
}
