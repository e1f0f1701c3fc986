/** A cache of the values that were used last. */
export class LruCache<Value> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;
  hits = 0;

  constructor(most: number) { this.#most = most; }

  /** Whether it has room for anything. */
  get keeps(): boolean { return this.#most > 0; }
  get size(): number { return this.#values.size; }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    ++this.hits;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    if (!this.keeps) return;
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#most) this.#values.delete(this.#values.keys().next().value as string);
  }
}
