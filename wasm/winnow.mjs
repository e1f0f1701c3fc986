// Calls the module of engine.h, in browsers and their workers, in Node, Deno and Bun: models, and tokenizers.
//
//     const module = await WebAssembly.compile(bytes);
//     const model = await loadModel(module, {'winnow.json': ..., 'labels.json': ..., 'linear.bin': ...});
//     model.classify('You won a prize');
//     // {label, score, confidence, abstained, outOfScope, labels, scores: [{label, score}]}
//     const tokenizer = await loadTokenizer(module, {'tokenizer.json': ...});
//     tokenizer.encode('You won a prize');  // Int32Array

const kModes = ['strict', 'moderate', 'lenient'];
const kMostTokens = 1048576;

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

/** A text, or what is made of texts, as JSON. Lone surrogates, which JSON of UTF-8 cannot have, become U+FFFD as in plain texts. */
function jsonOf(input) {
  return JSON.stringify(input).replace(/\\(?:\\|(ud[89a-f][0-9a-f]{2}))/g, (escape, surrogate) => surrogate === undefined ? escape : '\uFFFD');
}

/** An instance of the module, its memory for files and for one text. */
class Engine {
  #room = 0;  // for a text
  #roomSize = 0;

  constructor(exports) { this.exports = exports; }

  /** What of the files has no effect, a sentence each. */
  warnings() { return this.textAt(this.exports.winnow_warnings()).split('\n').filter(line => line !== ''); }

  static async of(module, files) {
    const {exports} = await WebAssembly.instantiate(module, wasiOf(module));
    exports._initialize();
    const engine = new Engine(exports);
    for (const [name, bytes] of Object.entries(files)) {
      const encoded = encoder.encode(name);
      const nameAt = engine.allocate(encoded.length + 1);
      const at = engine.allocate(bytes.length + 1);
      new Uint8Array(exports.memory.buffer).set(encoded, nameAt);
      new Uint8Array(exports.memory.buffer).set(bytes, at);
      exports.winnow_add_file(nameAt, encoded.length, at, bytes.length);  // which takes over the bytes
      exports.winnow_free(nameAt);
    }
    return engine;
  }

  /** A result that is not 0, or the engine's error. */
  check(result) {
    if (result === 0) throw new Error(this.textAt(this.exports.winnow_error()));
    return result;
  }

  allocate(size) {
    const at = this.exports.winnow_allocate(size);
    if (at === 0) throw new Error(`the engine has no memory for ${size} bytes`);
    return at;
  }

  textAt(at) {
    const bytes = new Uint8Array(this.exports.memory.buffer);
    return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  /** Writes a text, which stays until the next one. Returns its place and its size in bytes. */
  write(text) {
    const most = 3 * text.length;
    if (most > this.#roomSize || this.#room === 0) {
      this.exports.winnow_free(this.#room);
      this.#room = 0;
      this.#room = this.allocate(Math.max(1024, 2 * most));
      this.#roomSize = Math.max(1024, 2 * most);
    }
    return [this.#room, encoder.encodeInto(text, new Uint8Array(this.exports.memory.buffer, this.#room, this.#roomSize)).written];
  }
}

class Model {
  #engine;
  #handle;
  #labels;
  #scopeLabel;

  constructor(engine) {
    this.#engine = engine;
    const {exports} = engine;
    this.#handle = engine.check(exports.winnow_load());
    this.#labels = JSON.parse(engine.textAt(exports.winnow_labels(this.#handle)));
    this.#scopeLabel = engine.textAt(exports.winnow_scope_label(this.#handle));
    /** 'linear', 'int8', 'int8 with 2 of 6 layers bf16'. */
    this.weights = engine.textAt(exports.winnow_weights(this.#handle));
    this.warnings = engine.warnings();
  }

  /** The labels, by id. */
  get labels() { return [...this.#labels]; }

  /**
   * The prediction for a text: a string, a list of its segments, or an object with the fields of the model's text
   * template. `threshold` replaces those of the mode.
   */
  classify(text, {mode = 'moderate', threshold} = {}) {
    if (this.#handle === 0) throw new Error('the model has been released');
    const number = kModes.indexOf(mode);
    if (number < 0) throw new RangeError(`mode '${mode}' is not strict, moderate or lenient`);
    const plain = typeof text === 'string' && threshold === undefined;
    const {exports} = this.#engine;
    const input = this.#engine.write(plain ? text : jsonOf(text));
    const at = this.#engine.check(
        plain ? exports.winnow_classify(this.#handle, ...input, number)
              : exports.winnow_classify_input(this.#handle, ...input, number, threshold ?? NaN));
    const memory = exports.memory.buffer;
    const view = new DataView(memory);
    const label = view.getInt32(at, true);
    const count = view.getUint32(at + 24, true);
    const probabilities = new Float32Array(memory, view.getUint32(at + 28, true), count);
    const decided = new Uint8Array(memory, view.getUint32(at + 32, true), count);
    const outOfScope = view.getUint32(at + 36, true) !== 0;
    const scores = this.#labels.map((name, id) => ({label: name, score: probabilities[id]}));
    return {
      label: outOfScope ? this.#scopeLabel : this.#labels[label < 0 ? Math.max(0, view.getInt32(at + 4, true)) : label],
      score: view.getFloat32(at + 16, true),
      confidence: view.getFloat32(at + 20, true),
      abstained: view.getUint32(at + 12, true) !== 0,
      outOfScope,
      labels: this.#labels.filter((_, id) => decided[id] !== 0),
      scores: scores.sort((a, b) => b.score - a.score),
    };
  }

  /** Releases the memory of the model. */
  release() {
    this.#engine.exports.winnow_unload(this.#handle);
    this.#handle = 0;
  }
}

class Tokenizer {
  #engine;
  #handle;

  constructor(engine) {
    if (engine.exports.winnow_load_tokenizer === undefined) throw new Error('the module has no tokenizers: use winnow.wasm');
    this.#engine = engine;
    this.#handle = engine.check(engine.exports.winnow_load_tokenizer());
    this.warnings = engine.warnings();
  }

  /** The token ids of a text, special tokens included. */
  encode(text, {maxLength = kMostTokens} = {}) {
    if (this.#handle === 0) throw new Error('the tokenizer has been released');
    const exports = this.#engine.exports;
    const at = exports.winnow_tokenize(this.#handle, ...this.#engine.write(text), maxLength);
    const view = new DataView(exports.memory.buffer);
    return new Int32Array(exports.memory.buffer, view.getUint32(at + 4, true), view.getUint32(at, true)).slice();
  }

  /** Releases the memory of the tokenizer. */
  release() {
    this.#engine.exports.winnow_unload_tokenizer(this.#handle);
    this.#handle = 0;
  }
}

/** Loads a model of the files of its bundle, {name: Uint8Array}, into an instance of the module of its own. */
export async function loadModel(module, files) { return new Model(await Engine.of(module, files)); }

/** Loads a tokenizer of its files, {name: Uint8Array}, into an instance of the module of its own. */
export async function loadTokenizer(module, files) { return new Tokenizer(await Engine.of(module, files)); }
