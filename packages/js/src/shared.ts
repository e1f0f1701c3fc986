import {WinnowError} from './errors.js';
import type {Model} from './model.js';

interface Entry {
  model: Promise<Model>;
  users: number;
}

const entries = new Map<string, Entry>();

/** The model, or undefined as soon as the signal aborts. */
function unlessAborted(model: Promise<Model>, signal: AbortSignal | undefined): Promise<Model | undefined> {
  if (signal === undefined) return model;
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(undefined);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, {once: true});
    model.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

/** A use of a model that is loaded once for all who ask for it by the same key, and released by the last of them. */
export class SharedModel {
  readonly model: Model;
  readonly #entry: Entry;
  readonly #key: string | undefined;
  #released = false;

  private constructor(model: Model, entry: Entry, key: string | undefined) {
    this.model = model;
    this.#entry = entry;
    this.#key = key;
  }

  /** `key` undefined: a model of its own. */
  static async of(key: string | undefined, load: () => Promise<Model>, signal?: AbortSignal): Promise<SharedModel> {
    let entry = key === undefined ? undefined : entries.get(key);
    const joined = entry !== undefined;
    if (entry === undefined) {
      entry = {model: load(), users: 0};
      if (key !== undefined) entries.set(key, entry);
    }
    ++entry.users;
    try {
      // Who began the load ends it by the signal; who joined only stops waiting for it.
      const model = await unlessAborted(entry.model, joined ? signal : undefined);
      if (model !== undefined) return new SharedModel(model, entry, key);
    } catch (error) {
      --entry.users;
      if (key !== undefined && entries.get(key) === entry) entries.delete(key);
      const found = WinnowError.of(error);
      // Who began the load has cancelled it, and not who joined.
      if (joined && found.code === 'Cancelled' && !signal?.aborted) return SharedModel.of(key, load, signal);
      throw found;
    }
    --entry.users;
    throw new WinnowError('Cancelled', 'the load of the model was cancelled', '', {cause: signal?.reason});
  }

  get live(): Model {
    if (this.#released) throw new WinnowError('InvalidArgument', 'the classifier has been released', 'load it again');
    return this.model;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (--this.#entry.users > 0) return;
    if (this.#key !== undefined && entries.get(this.#key) === this.#entry) entries.delete(this.#key);
    this.model.release();
  }
}
