// The report of `winnow drift --json`, as far as the page shows it. Whoever writes the file may have another version of the
// program, so that parts may be missing.

export interface DriftMeasure {
  name: string;
  value: number;
  limit: number;
  /** What samples of this size exceed in 1 of 100 cases by chance; undefined if the measure is not compared with it. */
  chance?: number;
  drift: boolean;
}

export interface DriftRate {
  name: "accuracy" | "fpr" | "fnr";
  value: number;
  interval: [low: number, high: number] | null;
}

export interface DriftSummary {
  verdict: string;
  model: string;
  time: string;
  errorsDrift: boolean;
  drift: boolean;
  /** Numbers of the texts; of those of now, without the messages whose texts are redacted. */
  texts: { reference: number; current: number; redacted: number } | null;
  estimated: DriftRate[];
  measures: DriftMeasure[];
  newWords: string[];
}

type Unknown = Readonly<Record<string, unknown>>;

function part(value: unknown): Unknown {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Unknown) : {};
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function measuresOf(report: Unknown): DriftMeasure[] {
  return Object.entries(part(report.measures)).flatMap(([name, measure]) => {
    const { value, limit, chance, drift } = part(measure);
    if (typeof value !== "number" || typeof limit !== "number") return [];
    return [{ name, value, limit, ...(typeof chance === "number" ? { chance } : {}), drift: drift === true }];
  });
}

function ratesOf(report: Unknown): DriftRate[] {
  const current = part(part(report.estimated).current);
  return (["accuracy", "fpr", "fnr"] as const).flatMap((name) => {
    const { value, interval } = part(current[name]);
    if (typeof value !== "number") return [];
    const [low, high] = Array.isArray(interval) ? (interval as unknown[]) : [];
    return [{ name, value, interval: typeof low === "number" && typeof high === "number" ? [low, high] : null }];
  });
}

function wordsOf(report: Unknown): string[] {
  const { current } = part(report.words);
  if (!Array.isArray(current)) return [];
  return (current as unknown[]).map((each) => text(part(each).words)).filter((words) => words !== "");
}

/** Reads a report; undefined for what is none. */
export function driftSummary(value: unknown): DriftSummary | undefined {
  const report = part(value);
  const verdict = text(report.verdict);
  if (verdict === "") return undefined;
  const [reference, current, redacted] = [part(report.reference).texts, part(report.current).texts, part(report.current).redacted];
  return {
    verdict,
    model: [text(report.model), text(report.version)].filter(Boolean).join(" "),
    time: text(report.timestamp),
    errorsDrift: report.errors_drift === true,
    drift: report.drift === true,
    texts: typeof reference === "number" && typeof current === "number" ? { reference, current, redacted: typeof redacted === "number" ? redacted : 0 } : null,
    estimated: ratesOf(report),
    measures: measuresOf(report),
    newWords: wordsOf(report),
  };
}
