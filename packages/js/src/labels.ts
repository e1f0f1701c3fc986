import {WinnowError} from './errors.js';
import type {LabelNames} from './types.js';

function byId(entries: Array<[number, string]>): string[] {
  const names: string[] = [];
  for (const [id, name] of entries) names[id] = name;
  const whole = entries.length > 0 && names.length === entries.length && entries.every(([id]) => Number.isInteger(id) && id >= 0);
  if (!whole) {
    throw new WinnowError('InvalidArgument', `the ids of the labels are not 0 to ${Math.max(0, entries.length - 1)}`,
                          "give an array, or a map such as {0: 'ham', 1: 'spam'}");
  }
  return names;
}

/** The names of labels by id of any of the forms that LabelNames has. */
export function labelNames(given: LabelNames): string[] {
  if (given === null || typeof given !== 'object') {
    throw new WinnowError('InvalidArgument', `the labels are ${given === null ? 'null' : typeof given}, expected an array or a map`,
                          "give an array, or a map such as {0: 'ham', 1: 'spam'}");
  }
  if (Array.isArray(given)) return byId(given.map((name, id) => [id, String(name)]));
  const map = given as Record<string, unknown>;
  for (const key of ['classes', 'labels', 'id2label', 'label2id']) {
    if (map[key] !== null && typeof map[key] === 'object') return labelNames(map[key] as LabelNames);
  }
  const entries = Object.entries(map);
  if (entries.every(([, value]) => typeof value === 'number')) return byId(entries.map(([name, id]) => [id as number, name]));
  return byId(entries.map(([id, name]) => [Number(id), String(name)]));
}

// Of two labels, the one that has one of these names is the positive one of a model that names none, as in src/bundle/manifest.cpp.
const kPositive = new Set(['spam', 'toxic', 'hate', 'hate speech', 'offensive', 'abusive', 'phishing', 'scam', 'junk', '1', 'true', 'yes',
  'positive', 'pos', 'unsafe', 'harmful', 'bad', 'urgent']);

/** The positive label of a model without a winnow.json that names one. */
export function defaultPositiveLabel(labels: readonly string[]): string {
  if (labels.length !== 2) return '';
  return labels.find(label => kPositive.has(label.toLowerCase().replace(/[_-]/g, ' '))) ?? labels[1] as string;
}
