// The package beside onnxruntime-node, on the same INT8 model: one text at a time, and batches in the order of arrival.
// Usage, after `npm install --ignore-scripts` here and `winnow export BUNDLE --format onnx-int8`:
//
//     node onnxruntime.js BUNDLE TEXTS [--iterations 300] [--threads 1] [--alternate]
//
// ONNX Runtime is given token ids, and texts of a batch padded to the longest; Winnow is given the texts, so that its times
// contain tokenization, calibration and the making of the answers. Both take turns, round by round; with --alternate, single texts in turns text by
// text, which gives other figures.
import {readFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {execFileSync} from 'node:child_process';

import ort from 'onnxruntime-node';

import {Classifier} from '../dist/node/index.js';

const {values, positionals: [bundle, file]} = parseArgs({allowPositionals: true, options: {
  iterations: {type: 'string', default: '300'}, threads: {type: 'string', default: '1'}, alternate: {type: 'boolean', default: false}, winnow: {type: 'string', default: '../../../build/release/winnow'}}});
const iterations = Number(values.iterations), threads = Number(values.threads);

const texts = readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(0, 512);
const listed = texts.map(text => JSON.stringify({text})).join('\n');
const tokens = execFileSync(values.winnow, ['tokenize', bundle, '--input', '-'], {input: listed, maxBuffer: 1e9}).toString().trim().split('\n')
                   .map(line => JSON.parse(line).ids.slice(0, 128));

const session = await ort.InferenceSession.create(join(bundle, 'onnx', 'model_quantized.onnx'), {intraOpNumThreads: threads, interOpNumThreads: 1});

async function runOnnx(rows) {
  const longest = Math.max(...rows.map(row => row.length));
  const ids = new BigInt64Array(rows.length * longest), mask = new BigInt64Array(ids.length);
  rows.forEach((row, i) => row.forEach((id, j) => {
    ids[i * longest + j] = BigInt(id);
    mask[i * longest + j] = 1n;
  }));
  const dims = [rows.length, longest];
  const inputs = {input_ids: new ort.Tensor('int64', ids, dims), attention_mask: new ort.Tensor('int64', mask, dims)};
  if (session.inputNames.includes('token_type_ids')) inputs.token_type_ids = new ort.Tensor('int64', new BigInt64Array(ids.length), dims);
  return (await session.run(inputs)).logits.data;
}

const classifier = await Classifier.load(bundle, {threads, cacheSize: 0, weights: 'int8'});
const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Milliseconds of the clock and of the CPU, which other programs on the machine disturb less. */
async function timed(work) {
  const began = performance.now(), cpu = process.cpuUsage();
  await work();
  const {user, system} = process.cpuUsage(cpu);
  return {wall: performance.now() - began, cpu: (user + system) / 1000};
}

let agree = 0;
for (let i = 0; i < 20; ++i) {
  const logits = await runOnnx([tokens[i]]);
  const best = logits.indexOf(Math.max(...logits));
  agree += (await classifier.classify(texts[i])).label === classifier.labels[best] ? 1 : 0;
}

// Rounds of one tool alone, so that neither finds its weights driven out of the caches by the other; the least disturbed
// round of each counts, by its median.
const kRounds = 10;
const best = {};
const lower = (key, value) => { best[key] = Math.min(best[key] ?? Infinity, value); };
const tools = {
  winnow: {one: at => classifier.classify(texts[at]), many: from => Promise.all(texts.slice(from, from + 32).map(text => classifier.classify(text)))},
  onnx: {one: at => runOnnx([tokens[at]]), many: from => runOnnx(tokens.slice(from, from + 32))},
};
if (values.alternate) {
  const times = {winnow: [], onnx: []};
  for (let i = 0; i < iterations; ++i) {
    for (const [name, {one}] of Object.entries(tools)) times[name].push(await timed(() => one(i % texts.length)));
  }
  for (const clock of ['wall', 'cpu']) {
    const [winnow, onnx] = ['winnow', 'onnx'].map(name => median(times[name].map(time => time[clock])));
    console.log(`alternating, ${threads} thread(s), ${clock} time, p50: winnow ${winnow.toFixed(2)} ms, onnxruntime ${onnx.toFixed(2)} ms, ratio ${(onnx / winnow).toFixed(2)}`);
  }
  const padded = tokens.reduce((sum, _, i) => i % 32 === 0 ? sum + 32 * Math.max(...tokens.slice(i, i + 32).map(row => row.length)) : sum, 0);
  console.log(`padding multiplies the tokens of batches of 32 by ${(padded / tokens.flat().length).toFixed(2)}`);
  process.exit(0);
}
for (let round = 0; round < kRounds; ++round) {
  for (const [name, {one, many}] of Object.entries(tools)) {
    const times = [], batches = [];
    for (let i = 0; i < iterations / kRounds; ++i) times.push(await timed(() => one((round * 37 + i) % texts.length)));
    for (let i = 0; i < 5; ++i) batches.push(await timed(() => many(((round * 5 + i) * 32) % (texts.length - 31))));
    for (const clock of ['wall', 'cpu']) {
      lower(`one ${name} ${clock}`, median(times.map(time => time[clock])));
      lower(`many ${name} ${clock}`, median(batches.map(time => time[clock])) / 32);
    }
  }
}

console.log(`node ${process.version}, onnxruntime-node ${JSON.parse(readFileSync(new URL('node_modules/onnxruntime-node/package.json', import.meta.url))).version}, ` +
            `${cpus().length} x ${cpus()[0].model}, ${threads} thread(s); ${texts.length} texts, ${(tokens.flat().length / tokens.length).toFixed(1)} tokens each; labels agree on ${agree} of 20`);
for (const clock of ['wall', 'cpu']) {
  const of = (kind, name) => best[`${kind} ${name} ${clock}`];
  console.log(`${clock} time: one text, p50: winnow ${of('one', 'winnow').toFixed(2)} ms, onnxruntime ${of('one', 'onnx').toFixed(2)} ms, ratio ${(of('one', 'onnx') / of('one', 'winnow')).toFixed(2)}; ` +
              `batches of 32 in the order of arrival: winnow ${(1000 / of('many', 'winnow')).toFixed(0)}/s, onnxruntime ${(1000 / of('many', 'onnx')).toFixed(0)}/s, ratio ${(of('many', 'onnx') / of('many', 'winnow')).toFixed(2)}`);
}
classifier.release();
