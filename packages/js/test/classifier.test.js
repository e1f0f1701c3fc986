import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {createServer} from 'node:http';
import {cp, mkdtemp, readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {Worker} from 'node:worker_threads';

import {Classifier, IntentClassifier, WinnowError, nativeError} from 'winnow';
import {RuleSet} from 'winnow/rules';

import {documents, model, texts} from './models.js';

const kEngines = ['native', 'wasm'];

function assertSame(found, expected, text, within = 1e-5) {
  assert.equal(found.label, expected.label, text);
  assert.equal(found.abstained, expected.abstained, text);
  assert.equal(found.outOfScope, expected.out_of_scope ?? false, text);
  assert.ok(Math.abs(found.score - expected.score) < within, `${text}: ${found.score} ${expected.score}`);
  assert.ok(Math.abs(found.confidence - expected.confidence) < within, text);
  assert.equal(found.all.length, expected.scores.length);
  const scores = new Map(expected.scores.map(({label, score}) => [label, score]));
  for (const {label, confidence} of found.all) assert.ok(Math.abs(confidence - scores.get(label)) < within, text);
}

test('the native engine is there', () => assert.equal(nativeError(), undefined));

for (const engine of kEngines) {
  for (const name of ['lr', 'tiny', 'languages', 'multi', 'scope']) {
    test(`${engine}: ${name} says what the program says of 1,000 texts`, async () => {
      const classifier = await Classifier.load(model(name), {engine});
      assert.equal(classifier.engine, engine);
      const expected = documents(`${name}.expected.jsonl`);
      const found = await classifier.classify(texts);
      assert.equal(found.length, expected.length);
      // Between instruction sets, the last bits of floats change a byte of the next INT8 product now and then.
      const transformer = ['tiny', 'scope'].includes(name);
      found.forEach((one, i) => assertSame(one, expected[i], texts[i], engine === 'wasm' && transformer ? 1e-3 : 1e-5));
      const far = found.filter((one, i) => Math.abs(one.score - expected[i].score) > 1e-5).length;
      assert.ok(far < .02 * found.length, `${far} scores differ by more than 1e-5`);
      if (name === 'multi') {
        assert.ok(classifier.multiLabel);
        found.forEach((one, i) => assert.deepEqual(one.labels.toSorted?.() ?? [...one.labels].sort(), [...expected[i].decision].sort(), texts[i]));
      }
      classifier.release();
      await assert.rejects(classifier.classify('a'), {code: 'InvalidArgument'});
    });
  }

  test(`${engine}: modes and thresholds decide as the program's`, async () => {
    const classifier = await Classifier.load(model('lr'), {engine});
    for (const [file, options] of [['strict', {mode: 'strict'}], ['threshold', {threshold: .2}]]) {
      const expected = documents(`lr.${file}.jsonl`);
      (await classifier.classify(texts, options)).forEach((one, i) => assertSame(one, expected[i], texts[i]));
      classifier.classifySync(texts, options).forEach((one, i) => assertSame(one, expected[i], texts[i]));
    }
    const multi = await Classifier.load(model('multi'), {engine});
    const expected = documents('multi.threshold.jsonl');
    (await multi.classify(texts, {threshold: .2})).forEach((one, i) => assertSame(one, expected[i], texts[i]));
    assert.equal((await classifier.classify('a', {topK: 1})).all.length, 1);
    classifier.release();
    multi.release();
  });

  test(`${engine}: errors have a code and a hint`, async () => {
    await assert.rejects(Classifier.load(model('nothing'), {engine}), error => error instanceof WinnowError && error.code === 'NotFound' && error.hint !== '');
    const classifier = await Classifier.load(model('languages'), {engine});
    for (const options of [{mode: 'severe'}, {mode: 'constructor'}, {threshold: 2}, {threshold: '.4'}, {threshold: 1e-50}, {topK: 0}, 'strict', null]) {
      await assert.rejects(classifier.classify('a', options), {name: 'WinnowError', code: 'InvalidArgument'});
    }
    for (const options of [{threshold: .3}, {mode: 'strict'}]) {
      await assert.rejects(classifier.classify('a', options), /positive label/);  // which this model lacks
    }
    await assert.rejects(classifier.classify(7), /number, expected a string/);
    await assert.rejects(classifier.classify(['a', null]), /text 1 is null/);
    assert.throws(() => classifier.classifySync(['a', null]), /text 1 is null/);
    for (const options of [{weights: 'x'}, {longText: 'x'}, {threads: -1}, {threads: '2'}, {labels: null}, {labels: ['one']}]) {
      await assert.rejects(Classifier.load(model('lr'), {engine, ...options}), {name: 'WinnowError', code: 'InvalidArgument'}, JSON.stringify(options));
    }
    assert.deepEqual(await classifier.classify([]), []);
    classifier.release();
  });

  test(`${engine}: a changed file is refused, unless the caller wants it`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'winnow-js-'));
    await cp(model('lr'), directory, {recursive: true});
    const bytes = await readFile(join(directory, 'linear.bin'));
    bytes[bytes.length - 4] ^= 1;
    await writeFile(join(directory, 'linear.bin'), bytes);
    await assert.rejects(Classifier.load(directory, {engine}), {code: 'InvalidModel'});
    (await Classifier.load(directory, {engine, verify: false})).release();
    await writeFile(join(directory, 'linear.bin'), bytes.subarray(0, 200));
    await assert.rejects(Classifier.load(directory, {engine, verify: false}), {code: 'InvalidModel'});
    await writeFile(join(directory, 'winnow.json'), '{');
    await assert.rejects(Classifier.load(directory, {engine}), {code: 'InvalidModel'});
    await rm(directory, {recursive: true});
  });

  test(`${engine}: lone surrogates and zeros are text`, async () => {
    const classifier = await Classifier.load(model('lr'), {engine});
    for (const text of ['\uD800', 'a\0b', '\uDC00 you won', '']) {
      assert.ok((await classifier.classify(text)).confidence > 0);
    }
    assert.deepEqual((await classifier.classify('\uD800 won')).all, (await classifier.classify('\uFFFD won')).all);
    // Also where a threshold is given, and without harm to the texts of other calls at the same time.
    const strange = ['\uD800 "won" \\ud800', 'a\0\x1F\u2028b', '\uDC00', '\u{1F389}', '\\'];
    const found = await Promise.all([...strange, 'You won'].map(text => classifier.classify(text, {threshold: .4})));
    found.forEach((one, i) => assert.deepEqual(one, classifier.classifySync([...strange, 'You won'][i].replace(/[\uD800\uDC00](?![\uDC00-\uDFFF])/g, '\uFFFD'), {threshold: .4})));
    classifier.release();
  });

  test(`${engine}: a bundle that takes the place of another is loaded, and who has the old one keeps it`, async () => {
    const directory = join(await mkdtemp(join(tmpdir(), 'winnow-js-')), 'model');
    await cp(model('lr'), directory, {recursive: true});
    const old = await Classifier.load(directory, {engine}), same = await Classifier.load(directory, {engine});
    await old.classify('a');
    await same.classify('a');
    assert.equal(same.statistics.calls, 1);
    const intents = await IntentClassifier.load(directory, undefined, {engine});
    await rm(directory, {recursive: true});
    await cp(model('languages'), directory, {recursive: true});
    await intents.load(directory, undefined, {engine});
    assert.notDeepEqual(intents.intents, old.labels);
    assert.equal((await old.classify('a')).all.length, old.labels.length);
    for (const classifier of [old, same, intents]) classifier.release();
    await rm(directory, {recursive: true});
  });
}

test('options of the native engine are refused where another takes its place', async () => {
  for (const options of [{foldDisguises: true}, {foldDisguises: false}, {longText: 'windows'}, {weights: 'float'}]) {
    await assert.rejects(Classifier.load(model('tiny'), {engine: 'wasm', ...options}), error => error.code === 'Unsupported' && error.hint !== '');
    (await Classifier.load(model('tiny'), {engine: 'native', ...options})).release();
  }
  (await Classifier.load(model('tiny'), {engine: 'wasm', weights: 'int8', threads: 2})).release();
});

test('a worker thread that ends in the middle of a call harms nobody', async () => {
  const code = `
    const {parentPort, workerData} = require('node:worker_threads');
    require('winnow').Classifier.load(workerData.model, {engine: 'native', cacheSize: 0}).then(classifier => {
      const texts = Array.from({length: 2000}, (_, i) => 'You won a prize ' + i);
      const again = () => classifier.classify(texts).then(again);
      again();
      parentPort.postMessage('works');
      if (workerData.end === 'throw') setTimeout(() => { throw new Error('the end'); }, 20);
    });`;
  for (let i = 0; i < 6; ++i) {
    const end = i % 2 === 0 ? 'terminate' : 'throw';
    const worker = new Worker(code, {eval: true, workerData: {model: model('lr'), end}});
    worker.on('error', () => undefined);
    const ended = new Promise(resolve => worker.once('exit', resolve));
    await new Promise(resolve => worker.once('message', resolve));
    if (end === 'terminate') setTimeout(() => worker.terminate(), 5 * i);
    await ended;
  }
  const classifier = await Classifier.load(model('lr'));
  assert.ok((await classifier.classify('You won a prize')).label);
  classifier.release();
});

test('many texts with several options are answered in order', async () => {
  const classifier = await Classifier.load(model('lr'), {cacheSize: 0});
  const many = Array.from({length: 60}, () => texts).flat();
  const [plain, strict] = await Promise.all([classifier.classify(many), classifier.classify(many, {mode: 'strict'})]);
  for (const [found, options] of [[plain, {}], [strict, {mode: 'strict'}]]) {
    const expected = classifier.classifySync(texts, options);
    assert.equal(found.length, many.length);
    found.forEach((one, i) => assert.equal(one.score, expected[i % texts.length].score));
  }
  assert.ok(classifier.statistics.calls <= 2 * Math.ceil(many.length / 256), `${classifier.statistics.calls} calls`);
  classifier.release();
});

test('both engines answer alike to the last digits that are shown', async () => {
  const [native, wasm] = await Promise.all(kEngines.map(engine => Classifier.load(model('lr'), {engine})));
  const [a, b] = await Promise.all([native, wasm].map(one => one.classify(texts)));
  a.forEach((one, i) => assert.ok(one.label === b[i].label && Math.abs(one.confidence - b[i].confidence) < 1e-5, texts[i]));
  native.release();
  wasm.release();
});

test('calls at the same time are classified together, and the cache answers texts that come again', async () => {
  const classifier = await Classifier.load(model('tiny'), {cacheSize: 100});
  const some = texts.slice(0, 64);
  const [alone, ...others] = await Promise.all(some.map(text => classifier.classify(text)));
  const {calls} = classifier.statistics;
  assert.ok(calls <= 2, `${calls} calls`);
  const again = await classifier.classify(some);
  assert.equal(classifier.statistics.calls, calls);
  assert.equal(classifier.statistics.hits, 64);
  assert.deepEqual(again, [alone, ...others]);
  // Texts that come while a call runs go together in the next one.
  const late = [];
  const first = classifier.classify('the first text of all');
  await new Promise(resolve => setImmediate(resolve));
  for (let i = 0; i < 20; ++i) late.push(classifier.classify(`late ${i}`));
  await Promise.all([first, ...late]);
  assert.ok(classifier.statistics.calls - calls <= 3, `${classifier.statistics.calls - calls} calls`);
  // Modes do not mix.
  const [strict, lenient] = await Promise.all([classifier.classify('x y z', {mode: 'strict'}), classifier.classify('x y z', {mode: 'lenient'})]);
  assert.deepEqual(strict.all, lenient.all);
  classifier.release();
});

test('a path is loaded once, and released by the last who uses it', async () => {
  const [one, two] = await Promise.all([Classifier.load(model('lr')), Classifier.load(model('lr'))]);
  await one.classify('a text');
  await two.classify('a text');
  assert.equal(two.statistics.calls, 1);
  one.release();
  one.release();
  assert.ok((await two.classify('another')).label);
  two.release();
  await assert.rejects(two.classify('another'), {code: 'InvalidArgument'});
});

test('a release waits for calls under way', async () => {
  const classifier = await Classifier.load(model('tiny'), {cacheSize: 0});
  const calls = texts.slice(0, 50).map(text => classifier.classify(text));
  await new Promise(resolve => setImmediate(resolve));
  classifier.release();
  const settled = await Promise.allSettled(calls);
  assert.ok(settled.every(({status, reason}) => status === 'fulfilled' || reason.code === 'InvalidArgument'));
});

test('worker threads load their own', async () => {
  const code = `
    const {parentPort, workerData} = require('node:worker_threads');
    require('winnow').Classifier.load(workerData).then(c => c.classify('You won a prize')).then(found => parentPort.postMessage(found.label));`;
  const own = await Classifier.load(model('lr'));
  const expected = (await own.classify('You won a prize')).label;
  const labels = await Promise.all([1, 2, 3].map(() => new Promise((resolve, reject) => {
    const worker = new Worker(code, {eval: true, workerData: model('lr')});
    worker.once('message', resolve);
    worker.once('error', reject);
  })));
  assert.deepEqual(labels, [expected, expected, expected]);
  own.release();
});

test('files and addresses are sources too', async () => {
  const files = {};
  for (const name of await readdir(model('lr'))) files[name] = await readFile(join(model('lr'), name));
  const server = createServer((request, response) => {
    const file = files[request.url.slice('/lr/'.length)];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/lr`;
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'winnow-js-'));
  const expected = documents('lr.expected.jsonl');
  for (const engine of kEngines) {
    const progress = [];
    for (const source of [files, url, new URL(`${url}/`)]) {
      const classifier = await Classifier.load(source, {engine, cacheDirectory, onProgress: one => progress.push(one)});
      (await classifier.classify(texts.slice(0, 50))).forEach((one, i) => assertSame(one, expected[i], texts[i]));
      classifier.release();
    }
    assert.ok(progress.some(({file, loaded, total}) => file === 'winnow.json' && loaded > 0 && loaded <= total));
    // What was downloaded once is not downloaded again.
    assert.equal(progress.some(({file}) => file === 'linear.bin'), engine === kEngines[0]);
  }
  const signed = await Classifier.load('s3://bucket/lr', {cacheDirectory, sign: address => address.replace('s3://bucket/lr', url)});
  assert.equal((await signed.classify(texts[0])).label, expected[0].label);
  signed.release();
  // A file that was damaged where it is kept is downloaded again, and a place that cannot be written costs nothing but time.
  for (const kept of await readdir(join(cacheDirectory, 'files'))) await writeFile(join(cacheDirectory, 'files', kept), '');
  for (const directory of [cacheDirectory, cacheDirectory, join(model('lr'), 'winnow.json')]) {
    const classifier = await Classifier.load(url, {cacheDirectory: directory});
    assert.equal((await classifier.classify(texts[0])).label, expected[0].label);
    classifier.release();
  }
  assert.ok((await readFile(join(cacheDirectory, 'files', (await readdir(join(cacheDirectory, 'files')))[0]))).length > 0);
  await assert.rejects(Classifier.load('s3://bucket/lr'), {code: 'Unsupported'});
  await assert.rejects(Classifier.load(`${url}/nothing`), {code: 'NotFound'});
  files['linear.bin'] = Buffer.from(files['linear.bin']).fill(0, 300, 304);
  await assert.rejects(Classifier.load(url, {cacheDirectory: join(cacheDirectory, 'other')}), {code: 'InvalidModel'});
  server.close();
  server.closeAllConnections();
  await assert.rejects(Classifier.load(`${url}/gone`), {code: 'Network'});
  await rm(cacheDirectory, {recursive: true});
});

test('loads of the same files at once disturb each other neither by writing nor by an abort', async () => {
  const files = {};
  for (const name of await readdir(model('lr'))) files[name] = await readFile(join(model('lr'), name));
  let weights = () => undefined;  // called when the weights are asked for
  const server = createServer(async (request, response) => {
    const [, , name] = request.url.split('/');
    if (name === 'linear.bin') await weights();
    response.writeHead(files[name] === undefined ? 404 : 200).end(files[name]);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'winnow-js-'));
  const expected = documents('lr.expected.jsonl')[0].label;
  const both = await Promise.all([1, 2, 3, 4].map(i => Classifier.load(`${address}/${i}`, {cacheDirectory})));
  for (const classifier of both) {
    assert.equal((await classifier.classify(texts[0])).label, expected);
    classifier.release();
  }
  const other = await mkdtemp(join(tmpdir(), 'winnow-js-'));
  const controller = new AbortController();
  let asked = 0;
  weights = () => {
    if (++asked > 1) return undefined;
    controller.abort();
    return new Promise(resolve => setTimeout(resolve, 20));
  };
  const aborted = Classifier.load(`${address}/lr`, {cacheDirectory: other, signal: controller.signal});
  const joined = Classifier.load(`${address}/lr`, {cacheDirectory: other});
  await assert.rejects(aborted, {code: 'Cancelled'});
  const classifier = await joined;
  assert.equal((await classifier.classify(texts[0])).label, expected);
  classifier.release();
  // Who joined a load stops waiting for it by a signal of its own; the load goes on for the other.
  const late = new AbortController();
  let answer;
  weights = () => {
    weights = () => undefined;
    late.abort(new Error('enough'));
    return new Promise(resolve => { answer = resolve; });
  };
  const third = await mkdtemp(join(tmpdir(), 'winnow-js-'));
  const first = Classifier.load(`${address}/lr`, {cacheDirectory: third});
  await assert.rejects(Classifier.load(`${address}/lr`, {cacheDirectory: third, signal: late.signal}),
                       error => error instanceof WinnowError && error.code === 'Cancelled' && error.cause.message === 'enough');
  await assert.rejects(Classifier.load(`${address}/lr`, {cacheDirectory: third, signal: AbortSignal.abort()}), {code: 'Cancelled'});
  answer();
  const shared = await first;
  assert.equal((await shared.classify(texts[0])).label, expected);
  shared.release();
  await assert.rejects(shared.classify('a'), {code: 'InvalidArgument'});
  await rm(third, {recursive: true});
  server.close();
  server.closeAllConnections();
  for (const directory of [cacheDirectory, other]) await rm(directory, {recursive: true});
});

test('IntentClassifier takes labels as an array, a map or a file', async () => {
  const expected = documents('languages.expected.jsonl');
  const own = await IntentClassifier.load(model('languages'));
  const {intent, confidence, all} = await own.classify(texts[0]);
  assert.equal(intent, expected[0].label);
  assert.ok(Math.abs(confidence - expected[0].confidence) < 1e-5);
  assert.equal(all[0].intent, expected[0].scores[0].label);
  const names = own.intents.map(label => label.toUpperCase());
  const byId = Object.fromEntries(names.map((name, id) => [id, name])), byName = Object.fromEntries(names.map((name, id) => [name, id]));
  for (const labels of [names, byId, byName, {id2label: byId}, {classes: names}, join(model('languages'), 'labels.json')]) {
    const renamed = new IntentClassifier();
    await renamed.load(join(model('languages'), 'linear.bin'), labels);
    assert.equal((await renamed.classify(texts[0])).intent.toUpperCase(), expected[0].label.toUpperCase());
    renamed.release();
  }
  await assert.rejects(IntentClassifier.load(model('languages'), ['one']), {code: 'InvalidArgument'});
  await assert.rejects(IntentClassifier.load(model('languages'), {a: 0, b: 7}), {code: 'InvalidArgument'});
  await assert.rejects(new IntentClassifier().classify('a'), {code: 'InvalidArgument'});
  own.release();
});

test('CommonJS gets the same package', async () => {
  const winnow = createRequire(import.meta.url)('winnow');
  await assert.rejects(winnow.Classifier.load(model('nothing')), error => error instanceof WinnowError && error instanceof winnow.WinnowError);
  assert.throws(() => RuleSet.parse('['), error => error instanceof WinnowError && !(error instanceof class Own extends WinnowError {}));
  assert.ok(!(new Error('a') instanceof WinnowError) && !(undefined instanceof WinnowError));
  const classifier = await winnow.Classifier.load(model('lr'), {engine: 'wasm'});
  assert.equal((await classifier.classify(texts[0])).label, documents('lr.expected.jsonl')[0].label);
  classifier.release();
});

const hasOnnxRuntime = await import('onnxruntime-node').then(() => true, () => false);

test('a folder of ONNX files says what the float weights say', {skip: !hasOnnxRuntime && 'onnxruntime-node is not installed'}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'winnow-js-'));
  await cp(join(model('tiny'), 'onnx'), directory, {recursive: true});
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json']) await cp(join(model('tiny'), name), join(directory, name));
  const classifier = await Classifier.load(directory);
  assert.equal(classifier.engine, 'onnxruntime');
  const expected = documents('tiny.float.jsonl');
  (await classifier.classify(texts)).forEach((one, i) => assertSame(one, expected[i], texts[i]));
  classifier.release();
  await rm(directory, {recursive: true});
});

test('a folder of ONNX files is refused with advice where there is no runtime for it', {skip: hasOnnxRuntime && 'there is one'}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'winnow-js-'));
  await cp(join(model('tiny'), 'onnx'), directory, {recursive: true});
  await assert.rejects(Classifier.load(directory), error => error.code === 'Unsupported' && /onnxruntime-node/.test(error.hint));
  // In a bundle, the bundle answers.
  const classifier = await IntentClassifier.load(join(model('tiny'), 'onnx', 'model.onnx'));
  assert.equal((await classifier.classify(texts[0])).intent, documents('tiny.expected.jsonl')[0].label);
  classifier.release();
  await rm(directory, {recursive: true});
});
