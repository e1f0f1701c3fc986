// Benchmarks: every model on the same texts. What the charts and the words of a run show.

export interface BenchmarkModel {
  name: string;
  f1_macro: number | null;
  accuracy: number | null;
  ms_per_text: number | null;
  per_class: Record<string, number>;
  /** 95 % confidence interval of macro-F1, where the whole comparison is known. */
  interval?: [number, number];
  /** Why it could not be measured. */
  error?: string;
}

export interface BenchmarkRun {
  id: string;
  time: string;
  data: string;
  /** Only the texts that trainings on this file hold out were measured. */
  heldOut: boolean;
  models: BenchmarkModel[];
}

/** The models of a run, the best first; those that could not be measured last. */
export function ranked(run: BenchmarkRun): BenchmarkModel[] {
  const score = (model: BenchmarkModel) => model.f1_macro ?? -1;
  return [...run.models].sort((a, b) => score(b) - score(a) || (a.name < b.name ? -1 : 1));
}

export function bestOf(run: BenchmarkRun): BenchmarkModel | null {
  const first = ranked(run)[0];
  return first && first.f1_macro !== null ? first : null;
}

/** All labels of a run, those on which the models differ most first: that is what one chooses by. */
export function labelsOf(run: BenchmarkRun, most = Infinity): string[] {
  const values = new Map<string, number[]>();
  for (const model of run.models) {
    for (const [label, f1] of Object.entries(model.per_class)) {
      const list = values.get(label);
      if (list) list.push(f1);
      else values.set(label, [f1]);
    }
  }
  const spread = (list: number[]) => Math.max(...list) - Math.min(...list);
  return [...values]
    .sort(([a, x], [b, y]) => spread(y) - spread(x) || Math.min(...x) - Math.min(...y) || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([label]) => label);
}

/** "of 100 texts about 97 get the right label": the number, never 100 unless every one is right. */
export function rightOf100(accuracy: number): number {
  if (accuracy >= 1) return 100;
  return Math.min(99, Math.max(0, Math.round(accuracy * 100)));
}

/** The time of one text with two digits: linear models take microseconds. */
export function speed(milliseconds: number): string {
  if (milliseconds >= 10) return `${Math.round(milliseconds)} ms`;
  if (milliseconds >= 0.1 || milliseconds === 0) return `${Number(milliseconds.toPrecision(2))} ms`;
  return `${Number((milliseconds * 1000).toPrecision(2))} µs`;
}

interface ModelJson {
  name: string;
  f1_macro?: number | null;
  accuracy?: number | null;
  ms_per_text?: number | null;
  per_class?: Record<string, number | null>;
  error?: { message: string };
}

/** A run as the server has it; `comparison` is what `winnow compare --json` prints, of which lists have nothing. */
export interface RunJson {
  id: string;
  time: string;
  data: string;
  part?: "test" | null;
  models: ModelJson[];
  comparison?: { models?: { name: string; intervals?: { f1_macro?: [number, number] | null } }[] };
}

export function runOf(json: RunJson): BenchmarkRun {
  const intervals = new Map((json.comparison?.models ?? []).map((model) => [model.name, model.intervals?.f1_macro ?? null]));
  return {
    id: json.id,
    time: json.time,
    data: json.data,
    heldOut: json.part === "test",
    models: json.models.map((model) => {
      const known = Object.entries(model.per_class ?? {}).filter((pair): pair is [string, number] => typeof pair[1] === "number");
      const interval = intervals.get(model.name);
      return {
        name: model.name,
        f1_macro: model.f1_macro ?? null,
        accuracy: model.accuracy ?? null,
        ms_per_text: model.ms_per_text ?? null,
        per_class: Object.fromEntries(known),
        ...(interval ? { interval } : {}),
        ...(model.error ? { error: model.error.message } : {}),
      };
    }),
  };
}
