import type {Engine, RawOptions, RawPrediction} from './types.js';

interface Waiting {
  text: string;
  answer: (prediction: RawPrediction) => void;
  reject: (error: unknown) => void;
}

/** Texts that have the same options, in the order of their arrival; those before `taken` are with the engine. */
interface Queue {
  options: RawOptions;
  waiting: Waiting[];
  taken: number;
}

/** The most texts of one call of the engine, which bounds how long those that come later wait. */
const kMostTexts = 256;

/** Calls an engine with whatever waits while the last call runs, together. A text that comes when nothing runs is
 * classified at once, with those of the same turn of the event loop, so that batching adds no latency. */
export class Batcher {
  readonly #engine: Engine;
  /** By options; the one that is next comes first. */
  readonly #queues = new Map<string, Queue>();
  #running = false;
  #scheduled = false;
  /** The number of calls of the engine so far. */
  calls = 0;

  constructor(engine: Engine) { this.#engine = engine; }

  /** Has a text classified, and then one of the functions called: a promise of each of very many texts would cost more than the
   * classification of them. */
  submit(text: string, options: RawOptions, answer: (prediction: RawPrediction) => void, reject: (error: unknown) => void): void {
    const key = `${options.mode} ${options.threshold}`;
    const queue = this.#queues.get(key) ?? {options, waiting: [], taken: 0};
    this.#queues.set(key, queue);
    queue.waiting.push({text, answer, reject});
    if (this.#running || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  /** The next texts of a queue, which then lets the other queues go first. Takes time for the texts that it returns alone,
   * however many wait. */
  #next(key: string, queue: Queue): Waiting[] {
    const batch = queue.waiting.slice(queue.taken, queue.taken + kMostTexts);
    queue.taken += batch.length;
    this.#queues.delete(key);
    if (queue.taken < queue.waiting.length) this.#queues.set(key, queue);
    if (queue.taken > queue.waiting.length / 2) {  // else a queue that is never empty would keep all texts that it ever had
      queue.waiting.splice(0, queue.taken);
      queue.taken = 0;
    }
    return batch;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queues.entries().next(); !next.done; next = this.#queues.entries().next()) {
      const [key, queue] = next.value;
      const batch = this.#next(key, queue);
      ++this.calls;
      try {
        const predictions = await this.#engine.classify(batch.map(one => one.text), queue.options);
        batch.forEach((one, i) => one.answer(predictions[i] as RawPrediction));
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    this.#running = false;
  }
}
