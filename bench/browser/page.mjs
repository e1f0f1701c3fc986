// A worker: measures, and posts the report.
import {measure, report} from './measure.mjs';

const bytes = async name => new Uint8Array(await (await fetch(name)).arrayBuffer());

try {
  const plan = await (await fetch('plan.json')).json();
  const winnow = await import('./engine.mjs');
  const ort = await import('./ort/ort.wasm.min.mjs');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = new URL('./ort/', import.meta.url).href;
  const files = {};
  for (const name of plan.files) files[name] = await bytes(`bundle/${name}`);
  const found = await measure({winnow, wasm: await bytes('winnow.wasm'), files, ort, onnx: await bytes('model.onnx'),
                               text: plan.text, ids: plan.ids, calls: plan.calls});
  postMessage(report(navigator.userAgent.match(/Chrome\/[\d.]+/)[0], found));
} catch (error) {
  postMessage(`failed: ${error.stack}`);
}
