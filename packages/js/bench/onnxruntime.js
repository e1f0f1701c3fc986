// The package beside onnxruntime-node, on the same INT8 model: one text at a time, and batches in the order of arrival.
// Usage, after `npm install --ignore-scripts` here, `npm run build` in packages/js and `winnow export BUNDLE --format onnx-int8`:
//
//     node onnxruntime.js BUNDLE TEXTS [--iterations 300] [--threads 1] [--rounds 5]
//
// Each tool runs in a process of its own, since threads of ONNX Runtime that wait actively take time from others. The processes take
// turns, and the median of the rounds counts. ONNX Runtime is given token ids, and texts of a batch padded to the longest; Winnow is
// given the texts, so that its times contain tokenization, calibration and the making of the answers.
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {cpus, loadavg} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const {values, positionals: [bundle, file]} = parseArgs({allowPositionals: true, options: {
  iterations: {type: 'string', default: '300'}, threads: {type: 'string', default: '1'}, rounds: {type: 'string', default: '5'},
  winnow: {type: 'string', default: '../../../build/release/winnow'}, tool: {type: 'string'}}});
const iterations = Number(values.iterations), threads = Number(values.threads);
const texts = readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(0, 512);
const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

function tokenize() {
  const listed = texts.map(text => JSON.stringify({text})).join('\n');
  const printed = execFileSync(values.winnow, ['tokenize', bundle, '--input', '-'], {input: listed, maxBuffer: 1e9}).toString();
  return printed.trim().split('\n').map(line => JSON.parse(line).ids.slice(0, 128));
}

async function winnow() {
  const {Classifier} = await import('../dist/node/index.js');
  const classifier = await Classifier.load(bundle, {threads, cacheSize: 0, weights: 'int8'});
  return {
    one: async at => (await classifier.classify(texts[at])).label,
    many: from => Promise.all(texts.slice(from, from + 32).map(text => classifier.classify(text))),
  };
}

async function onnxruntime() {
  const {default: ort} = await import('onnxruntime-node');
  const tokens = tokenize();
  const {id2label} = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  const session = await ort.InferenceSession.create(join(bundle, 'onnx', 'model_quantized.onnx'), {intraOpNumThreads: threads, interOpNumThreads: 1});
  async function run(rows) {
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
  return {
    one: async at => {
      const logits = await run([tokens[at]]);
      return id2label[logits.indexOf(Math.max(...logits))];
    },
    many: from => run(tokens.slice(from, from + 32)),
  };
}

/** Milliseconds of the clock and of the CPU. */
async function timed(work) {
  const began = performance.now(), cpu = process.cpuUsage();
  await work();
  const {user, system} = process.cpuUsage(cpu);
  return {wall: performance.now() - began, cpu: (user + system) / 1000};
}

/** One round of a tool, in this process. */
async function measure({one, many}) {
  const labels = [], singles = [], batches = [];
  for (let i = 0; i < 50; ++i) labels.push(await one(i));
  for (let i = 0; i < iterations; ++i) singles.push(await timed(() => one(i % texts.length)));
  for (let from = 0; from + 32 <= texts.length; from += 32) batches.push(await timed(() => many(from)));
  const of = clock => ({one: median(singles.map(time => time[clock])), many: 32000 * batches.length / batches.reduce((sum, time) => sum + time[clock], 0)});
  return {labels, wall: of('wall'), cpu: of('cpu')};
}

const tools = {winnow, onnxruntime};
if (values.tool !== undefined) {
  console.log(JSON.stringify(await measure(await tools[values.tool]())));
  process.exit(0);
}

const rounds = {winnow: [], onnxruntime: []};
for (let round = 0; round < Number(values.rounds); ++round) {
  for (const tool of Object.keys(tools)) {
    rounds[tool].push(JSON.parse(execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--tool', tool])));
  }
}
const [ours, theirs] = ['winnow', 'onnxruntime'].map(tool => rounds[tool][0].labels);
const {version} = JSON.parse(readFileSync(new URL('node_modules/onnxruntime-node/package.json', import.meta.url)));
console.log(`node ${process.version}, onnxruntime-node ${version}, ${cpus().length} x ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)}; ` +
            `${threads} thread(s), ${texts.length} texts; labels agree on ${ours.filter((label, i) => label === theirs[i]).length} of ${ours.length}`);
for (const clock of ['wall', 'cpu']) {
  const of = (tool, kind) => median(rounds[tool].map(round => round[clock][kind]));
  const [w, o] = ['winnow', 'onnxruntime'].map(tool => ({one: of(tool, 'one'), many: of(tool, 'many')}));
  console.log(`${clock} time: one text, p50: winnow ${w.one.toFixed(2)} ms, onnxruntime ${o.one.toFixed(2)} ms, ratio ${(o.one / w.one).toFixed(2)}; ` +
              `batches of 32 in the order of arrival: winnow ${w.many.toFixed(0)}/s, onnxruntime ${o.many.toFixed(0)}/s, ratio ${(w.many / o.many).toFixed(2)}`);
}
