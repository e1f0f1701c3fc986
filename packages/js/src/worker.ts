// The worker of browser.ts: one model in WebAssembly, beside the page's own thread.
import {WinnowError} from './errors.js';
import type {RawOptions} from './types.js';
import {WasmEngine} from './wasm.js';

export type Request =
    | {id: number; kind: 'load'; module: WebAssembly.Module; files: Record<string, Uint8Array>; multiLabel: boolean}
    | {id: number; kind: 'classify'; texts: readonly string[]; options: RawOptions};

export interface Reply {
  id: number;
  value?: unknown;
  error?: {code: string; message: string; hint: string};
}

let engine: WasmEngine | undefined;

async function answer(request: Request): Promise<unknown> {
  if (request.kind === 'load') {
    engine = await WasmEngine.load(request.module, request.files, request.multiLabel);
    return engine.labels;
  }
  if (engine === undefined) throw new WinnowError('Internal', 'the worker has no model');
  return engine.classifySync(request.texts, request.options);
}

const scope = globalThis as unknown as {postMessage(reply: Reply): void; onmessage: (event: MessageEvent<Request>) => void};
scope.onmessage = event => {
  const {id} = event.data;
  answer(event.data).then(value => scope.postMessage({id, value}), (thrown: unknown) => {
    const {code, message, hint} = WinnowError.of(thrown);
    scope.postMessage({id, error: {code, message, hint}});
  });
};
