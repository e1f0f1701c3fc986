#!/usr/bin/env node
// Times the classification of single texts, of batches and of concurrent calls, and loading.
import {readFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {parseArgs} from 'node:util';

import {Classifier} from '../dist/node/index.js';

const kHelp = `usage: winnow-bench MODEL [TEXTS] [--iterations 1000] [--concurrency 32] [--engine auto|native|wasm] [--threads N] [--json]

Times MODEL, a bundle, on the lines of the file TEXTS (default: 64 short messages): one text at a time (p50, p95, p99), and
N callers at a time, whose texts the package classifies in batches in the order of their arrival.`;

function messages() {
  const openings = ['Hi', 'Congratulations', 'URGENT', 'Hello again', 'Reminder', 'Dear customer', 'Quick question', 'Good news'];
  const middles = ['your parcel is waiting at the depot and needs a fee of', 'shall we meet at the station tonight around', 'you have won a voucher worth',
    'the meeting about the budget was moved to', 'your account will be closed within', 'can you send me the notes of lecture', 'dinner is on me, table for', 'claim your prize number'];
  return openings.flatMap((opening, i) => middles.map((middle, j) => `${opening}, ${middle} ${(i * 8 + j) * 7}, please reply when you have a moment`));
}

/** The value that a share of the sorted times does not exceed (nearest rank). */
function percentile(sorted, share) { return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]; }

async function singles(classifier, texts, iterations) {
  for (let i = 0; i < Math.min(50, iterations); ++i) await classifier.classify(texts[i % texts.length]);
  const times = [];
  const began = performance.now();
  for (let i = 0; i < iterations; ++i) {
    const start = performance.now();
    await classifier.classify(texts[i % texts.length]);
    times.push(performance.now() - start);
  }
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  return {p50_ms: percentile(times, .5), p95_ms: percentile(times, .95), p99_ms: percentile(times, .99), single_per_s: iterations / seconds};
}

/** Callers that each ask again as soon as they are answered. */
async function concurrent(classifier, texts, iterations, callers) {
  let next = 0;
  const began = performance.now();
  await Promise.all(Array.from({length: callers}, async () => {
    while (next < iterations) await classifier.classify(texts[next++ % texts.length]);
  }));
  return iterations / ((performance.now() - began) / 1000);
}

async function main() {
  const {values, positionals} = parseArgs({allowPositionals: true, options: {
    iterations: {type: 'string', default: '1000'}, concurrency: {type: 'string', default: '32'}, engine: {type: 'string', default: 'auto'},
    threads: {type: 'string', default: '0'}, json: {type: 'boolean', default: false}, help: {type: 'boolean', short: 'h', default: false}}});
  const [model = process.env.WINNOW_SPAM_MODEL, file] = positionals;
  if (values.help || model === undefined) {
    console.log(kHelp);
    return values.help ? 0 : 2;
  }
  const iterations = Number(values.iterations), callers = Number(values.concurrency);
  const texts = file === undefined ? messages() : readFileSync(file, 'utf8').split('\n').filter(line => line !== '');
  const start = performance.now();
  const classifier = await Classifier.load(model, {engine: values.engine, threads: Number(values.threads), cacheSize: 0});
  const loadMs = performance.now() - start;
  const result = {load_ms: loadMs, ...await singles(classifier, texts, iterations)};
  result[`concurrent_${callers}_per_s`] = await concurrent(classifier, texts, iterations, callers);
  Object.assign(result, {engine: classifier.engine, iterations, node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length,
                         resident_mb: process.memoryUsage().rss / 1e6});
  if (values.json) {
    console.log(JSON.stringify(result));
  } else {
    console.log(`${classifier.name} ${classifier.version}, ${classifier.engine} engine, node ${process.version}, ${result.cores} x ${result.cpu}`);
    console.log(`load ${loadMs.toFixed(0)} ms; one text: p50 ${result.p50_ms.toFixed(3)}, p95 ${result.p95_ms.toFixed(3)}, p99 ${result.p99_ms.toFixed(3)} ms, ` +
                `${result.single_per_s.toFixed(0)}/s; ${callers} callers: ${result[`concurrent_${callers}_per_s`].toFixed(0)}/s`);
  }
  classifier.release();
  return 0;
}

main().then(code => { process.exitCode = code; }, error => {
  console.error(`winnow-bench: ${error.message}${error.hint ? `\n  ${error.hint}` : ''}`);
  process.exitCode = 1;
});
