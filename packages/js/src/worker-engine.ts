import {WinnowError} from './errors.js';
import type {WinnowErrorCode} from './errors.js';
import type {Engine, RawOptions, RawPrediction} from './types.js';
import type {Reply, Request} from './worker.js';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

/** An engine in a worker. */
export class WorkerEngine implements Engine {
  readonly kind = 'wasm';
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly #connection: Connection;

  private constructor(connection: Connection, labels: readonly string[], multiLabel: boolean) {
    this.#connection = connection;
    this.labels = labels;
    this.multiLabel = multiLabel;
  }

  /** Loads a model in a worker, which gets its files. */
  static async load(worker: Worker, request: Omit<Extract<Request, {kind: 'load'}>, 'id' | 'kind'>): Promise<WorkerEngine> {
    const connection = new Connection(worker);
    try {
      const buffers = new Set(Object.values(request.files).map(bytes => bytes.buffer as ArrayBuffer));
      const labels = await connection.ask({kind: 'load', ...request}, [...buffers]) as string[];
      return new WorkerEngine(connection, labels, request.multiLabel);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async classify(texts: readonly string[], options: RawOptions): Promise<RawPrediction[]> {
    return await this.#connection.ask({kind: 'classify', texts, options}) as RawPrediction[];
  }

  release(): void { this.#connection.close(); }
}

/** Questions to a worker and their answers. */
class Connection {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, {resolve: (value: unknown) => void; reject: (error: WinnowError) => void}>();
  #next = 0;
  #released: WinnowError | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({data}: MessageEvent<Reply>) => {
      const asked = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error === undefined) asked?.resolve(data.value);
      else asked?.reject(new WinnowError(data.error.code as WinnowErrorCode, data.error.message, data.error.hint));
    };
    worker.onerror = event => this.#fail(new WinnowError('Internal', `the worker ended: ${event.message || 'its script could not be loaded'}`,
        'worker.js and winnow.wasm of the package must be served; {worker: url} and {wasm: url} say where they are'));
  }

  ask(request: WithoutId<Request>, transfer: ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#released !== undefined) return reject(this.#released);  // nobody would answer
      const id = this.#next++;
      this.#waiting.set(id, {resolve, reject});
      this.#worker.postMessage({id, ...request}, transfer);
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#released = new WinnowError('Cancelled', 'the classifier has been released');
    this.#fail(this.#released);
  }

  #fail(error: WinnowError): void {
    for (const {reject} of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
