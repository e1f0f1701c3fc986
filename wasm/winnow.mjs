// Calls the module of engine.h: linear models, in Node and in browsers.
//
//     const model = await loadModel(await WebAssembly.compile(bytes), {'winnow.json': ..., 'labels.json': ..., 'linear.bin': ...});
//     model.classify('You won a prize');   // {label, score, confidence, abstained, labels, scores: [{label, score}]}

const kModes = ['strict', 'moderate', 'lenient'];

// The calls of WASI that the C++ library names. The engine opens no file, so what they would do fails, as a system may.
const kNotSupported = 58;
function wasiOf(module) {
  const imports = {};
  for (const {module: name, name: call, kind} of WebAssembly.Module.imports(module)) {
    if (name !== 'wasi_snapshot_preview1' || kind !== 'function') throw new Error(`unknown import ${name}.${call}`);
    imports[call] = call === 'proc_exit' ? code => { throw new Error(`the engine ended with code ${code}`); }
                                         : () => kNotSupported;
  }
  return {wasi_snapshot_preview1: imports};
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Model {
  #exports;
  #handle;
  #labels;
  #room = 0;  // memory for texts
  #roomSize = 0;

  constructor(exports, handle) {
    this.#exports = exports;
    this.#handle = handle;
    this.#labels = JSON.parse(textAt(exports, exports.winnow_labels(handle)));
  }

  get labels() { return [...this.#labels]; }

  /** The prediction for a text; mode: 'strict', 'moderate' or 'lenient'. */
  classify(text, {mode = 'moderate'} = {}) {
    if (this.#handle === 0) throw new Error('the model has been released');
    const number = kModes.indexOf(mode);
    if (number < 0) throw new RangeError(`mode '${mode}' is not strict, moderate or lenient`);
    const exports = this.#exports;
    const most = 3 * text.length;
    if (most > this.#roomSize || this.#room === 0) {
      exports.winnow_free(this.#room);
      this.#roomSize = Math.max(1024, 2 * most);
      this.#room = allocate(exports, this.#roomSize);
    }
    const {written} = encoder.encodeInto(text, new Uint8Array(exports.memory.buffer, this.#room, this.#roomSize));
    const at = exports.winnow_classify(this.#handle, this.#room, written, number);
    if (at === 0) throw new Error(textAt(exports, exports.winnow_error()));
    const view = new DataView(exports.memory.buffer);
    const label = view.getInt32(at, true);
    const count = view.getUint32(at + 24, true);
    const probabilities = new Float32Array(exports.memory.buffer, view.getUint32(at + 28, true), count);
    const decided = new Uint8Array(exports.memory.buffer, view.getUint32(at + 32, true), count);
    const scores = this.#labels.map((name, id) => ({label: name, score: probabilities[id]}));
    return {
      label: this.#labels[label < 0 ? Math.max(0, view.getInt32(at + 4, true)) : label],
      score: view.getFloat32(at + 16, true),
      confidence: view.getFloat32(at + 20, true),
      abstained: view.getUint32(at + 12, true) !== 0,
      labels: this.#labels.filter((_, id) => decided[id] !== 0),
      scores: scores.sort((a, b) => b.score - a.score),
    };
  }

  /** Releases the memory of the model. */
  release() {
    this.#exports.winnow_unload(this.#handle);
    this.#exports.winnow_free(this.#room);
    this.#handle = this.#room = 0;
  }
}

function textAt(exports, at) {
  const bytes = new Uint8Array(exports.memory.buffer);
  return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
}

function allocate(exports, size) {
  const at = exports.winnow_allocate(size);
  if (at === 0) throw new Error(`the engine has no memory for ${size} bytes`);
  return at;
}

/** Loads a model of the files of its bundle, {name: Uint8Array}, into an instance of the compiled module of its own. */
export async function loadModel(module, files) {
  const {exports} = await WebAssembly.instantiate(module, wasiOf(module));
  exports._initialize();
  for (const [name, bytes] of Object.entries(files)) {
    const encoded = encoder.encode(name);
    const nameAt = allocate(exports, encoded.length + 1);
    const at = allocate(exports, bytes.length + 1);
    new Uint8Array(exports.memory.buffer).set(encoded, nameAt);
    new Uint8Array(exports.memory.buffer).set(bytes, at);
    exports.winnow_add_file(nameAt, encoded.length, at, bytes.length);  // which takes over the bytes
    exports.winnow_free(nameAt);
  }
  const handle = exports.winnow_load();
  if (handle === 0) throw new Error(textAt(exports, exports.winnow_error()));
  return new Model(exports, handle);
}
