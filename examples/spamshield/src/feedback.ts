import {appendFileSync, existsSync, readFileSync} from 'node:fs';

export type FeedbackType = 'user_rejection' | 'user_confirmation' | 'admin';

/** A row of the table spamFeedback. */
export interface FeedbackRow {
  id: string;
  text: string;
  is_spam: boolean;
  label: 'spam' | 'ham';
  feedback_type: FeedbackType;
  user_id: string | null;
  model_version: string | null;
  score: number;
  created_at: string;
}

/** The table spamFeedback: in memory, and in a file of JSON lines that `winnow train` reads. One row per message and user. */
export class FeedbackTable {
  readonly #rows = new Map<string, FeedbackRow>();
  readonly #file: string | undefined;

  constructor(file?: string) {
    this.#file = file;
    if (file === undefined || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line.trim() === '') continue;
      const row = JSON.parse(line) as FeedbackRow;
      this.#rows.set(FeedbackTable.#key(row), row);
    }
  }

  /** Adds or replaces a row. Returns false if the same was said before. */
  add(row: FeedbackRow): boolean {
    const key = FeedbackTable.#key(row);
    if (this.#rows.get(key)?.is_spam === row.is_spam) return false;
    this.#rows.set(key, row);
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(row)}\n`);
    return true;
  }

  select(where: (row: FeedbackRow) => boolean = () => true): FeedbackRow[] { return [...this.#rows.values()].filter(where); }

  static #key({id, user_id}: FeedbackRow): string { return `${id} ${user_id ?? ''}`; }
}
