// Series of the last minutes as charts need them: a point for each minute, and a gap where the server has none.

export interface Series {
  name: string;
  /** Time in milliseconds since 1970 and value; null: a gap. */
  points: [number, number | null][];
}

const minuteMs = 60_000;

/** Returns one value for each minute from the first to the last point; a minute that the server lacks is a gap. */
export function minuteSeries<P extends { time: string }>(
  name: string,
  minutes: readonly P[],
  value: (point: P) => number | null | undefined,
): Series {
  const byMinute = new Map<number, number | null>();
  for (const point of minutes) {
    const time = Date.parse(point.time);
    if (!Number.isNaN(time)) byMinute.set(Math.round(time / minuteMs) * minuteMs, value(point) ?? null);
  }
  const times = [...byMinute.keys()];
  const points: Series["points"] = [];
  if (times.length === 0) return { name, points };
  const last = Math.max(...times);
  for (let time = Math.min(...times); time <= last; time += minuteMs) points.push([time, byMinute.get(time) ?? null]);
  return { name, points };
}

export interface SeriesSummary {
  least: number;
  most: number;
  mean: number;
  last: number;
  mostAt: number;
}

/** Returns what a series says in numbers, or undefined for one without values. */
export function summaryOf(series: Series): SeriesSummary | undefined {
  const known = series.points.filter((point): point is [number, number] => point[1] !== null);
  const first = known[0];
  if (!first) return undefined;
  let [least, most, mostAt, sum] = [first[1], first[1], first[0], 0];
  for (const [time, value] of known) {
    sum += value;
    least = Math.min(least, value);
    if (value > most) [most, mostAt] = [value, time];
  }
  return { least, most, mostAt, mean: sum / known.length, last: known[known.length - 1]?.[1] ?? first[1] };
}
