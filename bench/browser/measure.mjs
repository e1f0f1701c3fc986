// Times this engine and onnxruntime-web by turns, in whatever runs this file. Both have one thread.

const kWarmUp = 30;

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return {p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), fastest: sorted[0]};
}

/**
 * `winnow`: winnow.mjs; `wasm`: the bytes of the module; `files`: those of the bundle; `ort`: onnxruntime-web; `onnx`: the
 * bytes of the exported model; `ids`: the tokens of `text`. Returns milliseconds.
 */
export async function measure({winnow, wasm, files, ort, onnx, text, ids, calls}) {
  let begin = performance.now();
  const model = await winnow.loadModel(await WebAssembly.compile(wasm), files);
  const ready = performance.now() - begin;
  begin = performance.now();
  model.classify(text);
  const first = performance.now() - begin;

  begin = performance.now();
  const session = await ort.InferenceSession.create(onnx, {executionProviders: ['wasm']});
  const peerReady = performance.now() - begin;
  const tensor = values => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length]);
  const feeds = {input_ids: tensor(ids), attention_mask: tensor(ids.map(() => 1))};
  if (session.inputNames.includes('token_type_ids')) feeds.token_type_ids = tensor(ids.map(() => 0));

  const ours = [], peers = [];
  for (let call = -kWarmUp; call < calls; ++call) {
    begin = performance.now();
    model.classify(text);
    const between = performance.now();
    await session.run(feeds);
    if (call < 0) continue;
    ours.push(between - begin);
    peers.push(performance.now() - between);
  }
  return {tokens: ids.length, weights: model.weights, ready, first, winnow: summary(ours),
          peerReady, peer: summary(peers)};
}

/** As lines for people. */
export function report(where, found) {
  const ms = value => value.toFixed(2).padStart(8);
  return [
    `${where}, one thread, ${found.tokens} tokens, ${found.weights} weights; milliseconds`,
    `                     p50      p95  fastest    ready`,
    `winnow          ${ms(found.winnow.p50)} ${ms(found.winnow.p95)} ${ms(found.winnow.fastest)} ${ms(found.ready)}   first text ${found.first.toFixed(1)}`,
    `onnxruntime-web ${ms(found.peer.p50)} ${ms(found.peer.p95)} ${ms(found.peer.fastest)} ${ms(found.peerReady)}`,
    `onnxruntime-web / winnow: ${(found.peer.p50 / found.winnow.p50).toFixed(2)} at p50, ` +
        `${(found.peer.fastest / found.winnow.fastest).toFixed(2)} at the fastest`,
  ].join('\n');
}
