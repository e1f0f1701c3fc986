/** What is known of senders: lists, which decide, and scores learnt from feedback, which halve in 30 days. */
const kHalfLife = 30 * 24 * 3600 * 1000;
const kMostEvidence = 3;  // in log-odds

interface Score {
  value: number;
  at: number;
}

/** Mail addresses in lower case and without names, telephone numbers without separators. */
export function normalSender(sender: string): string {
  const address = /<([^<>]*)>\s*$/.exec(sender)?.[1] ?? sender;
  const number = address.replace(/[ ()./-]/g, '');
  return /^\+?\d+$/.test(number) ? number : address.trim().toLowerCase();
}

export class Reputation {
  readonly #lists = new Map<string, 'allow' | 'deny'>();
  readonly #scores = new Map<string, Score>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) { this.#now = now; }

  /** Puts a sender, or a domain as '@example.com', on a list; a user's own list precedes that for all. */
  setList(sender: string, list: 'allow' | 'deny', user = ''): void { this.#lists.set(this.#key(sender, user), list); }

  /** The list that a sender is on. */
  list(sender: string, user = ''): 'allow' | 'deny' | undefined {
    const whole = normalSender(sender);
    const domain = whole.includes('@') ? whole.slice(whole.lastIndexOf('@')) : undefined;
    for (const who of user === '' ? [''] : [user, '']) {
      const found = this.#lists.get(this.#key(whole, who)) ?? (domain === undefined ? undefined : this.#lists.get(this.#key(domain, who)));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Learns one report about a sender: +1 for spam, -1 for ham. */
  learn(sender: string, isSpam: boolean, user = ''): void {
    if (sender === '') return;
    this.#scores.set(this.#key(sender, user), {value: this.score(sender, user) + (isSpam ? 1 : -1), at: this.#now()});
  }

  score(sender: string, user = ''): number {
    const score = this.#scores.get(this.#key(sender, user));
    return score === undefined ? 0 : score.value * 2 ** -((this.#now() - score.at) / kHalfLife);
  }

  /** The log-odds of spam that the sender's score adds. */
  logOdds(sender: string, user: string): number {
    if (sender === '') return 0;
    const sum = this.score(sender) + (user === '' ? 0 : this.score(sender, user));
    return kMostEvidence * Math.tanh(sum / kMostEvidence);
  }

  #key(sender: string, user: string): string { return `${user}\n${normalSender(sender)}`; }
}
