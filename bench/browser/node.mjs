// node node.mjs PLAN.json: measures in Node. The plan is what run.sh writes.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';

import {measure, report} from './measure.mjs';

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const winnow = await import(pathToFileURL(plan.engine));
const ort = await import(pathToFileURL(join(plan.ort, 'ort.node.min.mjs')).href).catch(
    () => import(pathToFileURL(join(plan.ort, 'ort.wasm.min.mjs')).href));
ort.env.wasm.numThreads = 1;
const files = Object.fromEntries(plan.files.map(name => [name, readFileSync(join(plan.bundle, name))]));
const found = await measure({winnow, wasm: readFileSync(plan.wasm), files, ort, onnx: readFileSync(plan.onnx),
                             text: plan.text, ids: plan.ids, calls: plan.calls});
console.log(report(`Node ${process.versions.node}`, found));
