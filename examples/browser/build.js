// Builds dist/page and dist/extension, each with the model of a directory: node build.js MODEL
import {copyFileSync, cpSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {build} from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const model = process.argv[2];
if (model === undefined) {
  console.error('usage: node build.js MODEL, a bundle such as winnow train makes');
  process.exit(2);
}
const engine = dirname(fileURLToPath(import.meta.resolve('winnow/worker.js')));

// What classification reads, and nothing that contains texts of the data: calibration.jsonl stays at home.
const listed = Object.keys(JSON.parse(readFileSync(join(model, 'winnow.json'), 'utf8')).sha256);
const files = ['winnow.json', ...listed.filter(file => !/^(calibration\.jsonl|training_info\.json|.*\/.*|.*\.svg)$/.test(file))];
const weights = files.includes('model_int8.safetensors') ? files.filter(file => file !== 'model.safetensors') : files;

for (const name of ['page', 'extension']) {
  const out = join(here, 'dist', name);
  rmSync(out, {recursive: true, force: true});
  mkdirSync(join(out, 'model'), {recursive: true});
  cpSync(join(here, name), out, {recursive: true, filter: source => !source.endsWith('.js')});
  const scripts = name === 'page' ? ['app.js'] : ['background.js', 'content.js', 'popup.js'];
  await build({entryPoints: scripts.map(script => join(here, name, script)), bundle: true, format: 'esm', minify: true, outdir: out, logLevel: 'error'});
  for (const file of ['worker.js', 'winnow.wasm']) copyFileSync(join(engine, file), join(out, file));
  for (const file of weights) copyFileSync(join(model, file), join(out, 'model', file));
}
