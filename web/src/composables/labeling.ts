// Labels for messages of the history: shown at once, taken back where the server refuses them, and undone message by message.
import { ref, type Ref } from "vue";
import { ApiError, messageOf } from "@/api/http";
import { labelMessages, labelText, type StoredMessage } from "@/api/filter";
import { adminLabel, labelRequests, undoRequests, type FormerLabel, type LabelRequest, type Said } from "@/logic/labels";
import { t } from "@/texts/en";
import { useToast } from "./toast";

const words = t.history.label;

/** A message whose true text the server no longer has, and the label that it is to get. */
export interface MissingText {
  message: StoredMessage;
  label: string;
}

interface Refusal {
  id: string;
  error: string;
}

let tail: Promise<unknown> = Promise.resolve();

/** After all that was said before, so that the last word about a message is the last one for the server too. */
function send(requests: readonly LabelRequest[]): Promise<Refusal[]> {
  const sent = tail.then(async () => {
    const refused: Refusal[] = [];
    for (const { ids, label } of requests) refused.push(...(await labelMessages(ids, label)));
    return refused;
  });
  tail = sent.catch(() => undefined);
  return sent;
}

/** `own` has what administrators say about the messages that are shown. */
export function useLabeling(own: Ref<ReadonlyMap<string, Said>>) {
  const { show } = useToast();
  const busy = ref(false);
  const missing = ref<MissingText | null>(null);
  /** The turn in which something was last said about a message. */
  const said = new Map<string, number>();
  let turns = 0;

  /** What was said, and when. */
  const noted = new Map<string, { label: Said; at: number }>();

  function note(labels: Iterable<readonly [string, Said]>): void {
    const next = new Map(own.value);
    for (const [id, label] of labels) {
      next.set(id, label);
      noted.set(id, { label, at: performance.now() });
    }
    own.value = next;
  }

  /** What is said about messages that were asked for at `asked`: what was said here later is newer. */
  function fetched(messages: readonly StoredMessage[], asked: number): Map<string, Said> {
    return new Map(
      messages.map((message) => {
        const last = noted.get(message.id);
        return [message.id, last && last.at >= asked ? last.label : adminLabel(message.feedback)];
      }),
    );
  }

  function formerOf(messages: readonly StoredMessage[]): FormerLabel[] {
    return messages.map((message) => ({ id: message.id, said: own.value.get(message.id) ?? null }));
  }

  /** Something is said about messages now. */
  function begin(messages: Iterable<{ id: string }>): number {
    const turn = ++turns;
    for (const { id } of messages) said.set(id, turn);
    return turn;
  }

  /** Shows again what was said before, but where something else was said since `turn`. */
  function takeBack(former: readonly FormerLabel[], turn: number): void {
    note(former.filter(({ id }) => said.get(id) === turn).map(({ id, said: before }) => [id, before] as const));
  }

  async function undo(former: readonly FormerLabel[]): Promise<void> {
    const turn = begin(former);
    const refused = await send(undoRequests(former));
    if (refused[0]) throw new ApiError(422, "Validation", words.refused(refused.length, refused[0].error));
    takeBack(former, turn);
  }

  function announce(done: readonly FormerLabel[], label: Said): void {
    if (done.length === 0) return;
    const text = label === null ? words.withdrawn(done.length) : words.done(done.length, label);
    show(text, { tone: "good", undo: () => undo(done) });
  }

  /** Gives all messages the label, or withdraws what was said about them (null). */
  async function label(messages: readonly StoredMessage[], next: Said): Promise<void> {
    const former = formerOf(messages);
    note(messages.map((message) => [message.id, next] as const));
    const turn = begin(messages);
    busy.value = true;
    try {
      const refused = await send(labelRequests(messages.map((message) => message.id), next));
      const ids = new Set(refused.map((each) => each.id));
      // What was fetched meanwhile may be older than the label, and what was said meanwhile is newer.
      note(messages.filter(({ id }) => !ids.has(id) && said.get(id) === turn).map(({ id }) => [id, next] as const));
      takeBack(former.filter(({ id }) => ids.has(id)), turn);
      announce(former.filter(({ id }) => !ids.has(id)), next);
      report(messages, refused, next);
    } catch (error) {
      takeBack(former, turn);
      show(messageOf(error), { tone: "bad" });
    } finally {
      busy.value = false;
    }
  }

  function report(messages: readonly StoredMessage[], refused: readonly Refusal[], next: Said): void {
    const [first] = refused;
    if (!first) return;
    const only = messages.length === 1 ? messages[0] : undefined;
    if (only?.redacted && next !== null && missing.value === null) missing.value = { message: only, label: next };
    else show(words.refused(refused.length, first.error), { tone: "bad" });
  }

  /** Labels a message with a text that somebody has completed. */
  async function labelMissing(text: string): Promise<void> {
    const asked = missing.value;
    if (!asked) return;
    const { message, label: next } = asked;
    const former = formerOf([message]);
    await labelText(message.id, text, next);
    note([[message.id, next]]);
    if (missing.value === asked) missing.value = null;
    announce(former, next);
  }

  return { label, labelMissing, fetched, missing, busy };
}
