/** A decision by a threshold that the caller gives, as in src/decide/decide.cpp. */
export interface Decision {
  /** Id of the decided label; -1 if a multi-label model decided none. */
  label: number;
  score: number;
  confidence: number;
  decided: number[];
}

function largest(values: Float32Array, skip = -1): number {
  let best = -1;
  values.forEach((value, i) => {
    if (i !== skip && (best < 0 || value > (values[best] as number))) best = i;
  });
  return best;
}

/** Decides by probabilities of labels by id; `positive` is the id of the positive label or -1. */
export function decide(values: Float32Array, threshold: number, positive: number, multiLabel: boolean): Decision {
  const single = Math.fround(threshold);
  const top = largest(values);
  const at = (id: number): number => values[id] as number;
  if (multiLabel) {
    const decided = [...values.keys()].filter(id => at(id) >= single);
    const label = decided.reduce((best, id) => best < 0 || at(id) > at(best) ? id : best, -1);
    return {label, decided, score: at(label < 0 ? top : label), confidence: label < 0 ? Math.fround(1 - at(top)) : at(label)};
  }
  let label = top;
  if (positive >= 0 && values.length > 1) {
    const rival = largest(values, positive);
    const reached = values.length <= 2 ? at(positive) >= single
                  : single === 0.5     ? at(positive) >= at(rival)
                                       : at(positive) >= single * (at(positive) + at(rival));
    label = reached ? positive : rival;
  }
  return {label, decided: [], score: positive >= 0 && values.length === 2 ? at(positive) : at(label), confidence: at(label)};
}
