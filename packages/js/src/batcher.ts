import type {Engine, RawOptions, RawPrediction} from './types.js';

interface Waiting {
  text: string;
  key: string;
  options: RawOptions;
  resolve: (prediction: RawPrediction) => void;
  reject: (error: unknown) => void;
}

/** The most texts of one call of the engine, which bounds how long those that come later wait. */
const kMostTexts = 256;

/** Calls an engine with whatever waits while the last call runs, together. A text that comes when nothing runs is
 * classified at once, with those of the same turn of the event loop, so that batching adds no latency. */
export class Batcher {
  readonly #engine: Engine;
  #waiting: Waiting[] = [];
  #running = false;
  #scheduled = false;
  /** The number of calls of the engine so far. */
  calls = 0;

  constructor(engine: Engine) { this.#engine = engine; }

  submit(text: string, options: RawOptions): Promise<RawPrediction> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({text, key: `${options.mode} ${options.threshold}`, options, resolve, reject});
      if (this.#running || this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        void this.#run();
      });
    });
  }

  /** The next texts that have the same options, in the order of their arrival. */
  #next(): Waiting[] {
    const first = this.#waiting[0] as Waiting;
    const taken: Waiting[] = [], left: Waiting[] = [];
    for (const one of this.#waiting) (one.key === first.key && taken.length < kMostTexts ? taken : left).push(one);
    this.#waiting = left;
    return taken;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#next();
      ++this.calls;
      try {
        const predictions = await this.#engine.classify(batch.map(one => one.text), (batch[0] as Waiting).options);
        batch.forEach((one, i) => one.resolve(predictions[i] as RawPrediction));
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    this.#running = false;
  }
}
