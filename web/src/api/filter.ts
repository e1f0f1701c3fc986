// The message filter: its history, what people say about messages, senders, rules, the must-pass list, preferences.
import type { FeedbackWord } from "@/logic/labels";
import type { VerdictSymbol } from "@/logic/verdictReasons";
import type { Mode } from "./classify";
import { get, post, put, remove, segment } from "./http";

export type MessageSource = "reputation" | "rules" | "classifier" | "fallback";

export interface StoredMessage {
  id: string;
  time: string;
  text: string;
  sender: string | null;
  user: string | null;
  isSpam: boolean;
  score: number;
  source: MessageSource;
  modelVersion: string | null;
  symbols: VerdictSymbol[];
  /** The last word of each user, administrator and program about the message. */
  feedback: FeedbackWord[];
  /** Whether parts of the text were replaced before it was stored. */
  redacted: boolean;
}

export interface HistoryPage {
  next: number | null;
  messages: StoredMessage[];
}

export const searchHistory = (query: Record<string, string>, signal?: AbortSignal): Promise<HistoryPage> => get("/v1/history", query, signal);

/** What a message check answers. */
export interface Verdict {
  id: string;
  isSpam: boolean;
  confidence: number;
  score: number;
  modelVersion: string | null;
  source: MessageSource;
  symbols: VerdictSymbol[];
  mode: Mode | null;
  modeFrom: "request" | "preferences" | "default";
  threshold: number;
}

export const checkMessage = (message: { text: string; sender?: string; user?: string }): Promise<Verdict> => post("/v1/messages/check", message);

/**
 * Says, as an administrator, what several messages are, or withdraws what was said (null). Returns the messages of which the
 * server refused it.
 */
export async function labelMessages(ids: readonly string[], label: string | null): Promise<{ id: string; error: string }[]> {
  const said = label === null ? { forget: true } : { label, feedback_type: "admin" };
  const answer = await post<{ results: { id: string; error?: string }[] }>("/v1/feedback", { ids, ...said });
  return answer.results.flatMap(({ id, error }) => (error === undefined ? [] : [{ id, error }]));
}

/** Says what a message is whose true text the server no longer has. */
export const labelText = (id: string, text: string, label: string): Promise<unknown> => post("/v1/feedback", { id, text, label, feedback_type: "admin" });

export type SenderList = "allow" | "deny" | "none";

export interface Sender {
  sender: string;
  /** Whose list it is; null: the list for all users. */
  user: string | null;
  list: SenderList;
  /** Learnt from feedback; above 0: sends spam. */
  score: number;
  updated?: string;
}

export const listSenders = (
  query: { list?: string; contains?: string; before?: string; limit?: number },
  signal?: AbortSignal,
): Promise<{ senders: Sender[]; next: string | null }> => get("/v1/senders", query, signal);
export const getSender = (sender: string, user?: string | null): Promise<Sender> => get(`/v1/senders/${segment(sender)}`, { user });
export const setSender = (sender: string, list: SenderList, user?: string | null): Promise<Sender> =>
  put(`/v1/senders/${segment(sender)}`, user ? { list, user } : { list });

export interface Preferences {
  user: string;
  mode: Mode | null;
  threshold: number | null;
  updated: string;
}

export const listPreferences = (query: { before?: string; limit?: number }, signal?: AbortSignal): Promise<{ users: Preferences[]; next: string | null }> =>
  get("/v1/preferences", query, signal);
export const setPreferences = (user: string, wish: { mode: Mode } | { threshold: number }): Promise<unknown> =>
  put(`/v1/users/${segment(user)}/preferences`, wish);

export interface Rule {
  name: string;
  description: string;
  kind: "rule" | "composite";
  /** What must all hold, in words; of a composite, its expression. */
  conditions: string[];
  score: number;
  enabled: boolean;
  /** Name of the file that has it. */
  file: string;
  /** Whether the page can change it. */
  editable: boolean;
  /** The text in TOML, of a rule that the page can change. */
  rule: string | null;
  /** In the messages that were counted; null without a store. */
  hits: number | null;
  spam_hits: number | null;
}

export interface RuleList {
  rules: Rule[];
  files: string[];
  /** Whether rules can be added. */
  editable: boolean;
  /** Why the rules of the workspace are not in use; null: they are. */
  problem: string | null;
  /** The messages of the history in which hits are counted. */
  counted: { messages: number; complete: boolean } | null;
}

/** A rule on the newest messages of the history, and on the other texts that people have labelled. */
export interface Backtest {
  messages: number;
  hits: number;
  /** Hits that are spam, and that are not, as people say or else as was judged. */
  spam: number;
  ham: number;
  to_spam: number;
  to_ham: number;
  /** Changed verdicts that people say are right then, and wrong then. */
  mended: number;
  broken: number;
  /** Messages that the model would have to decide. */
  open: number;
  examples: string[];
  complete: boolean;
}

export interface RuleTest {
  valid: boolean;
  name?: string;
  errors: { line: number | null; message: string }[];
  warnings: string[];
  backtest: Backtest | null;
}

export interface SuggestedRule {
  rule: string;
  name: string;
  /** Why the rule looks for these words. */
  reason: string;
  backtest: Backtest | null;
}

export const listRules = (signal?: AbortSignal): Promise<RuleList> => get("/v1/rules", {}, signal);
export const testRule = (rule: string, signal?: AbortSignal): Promise<RuleTest> => post("/v1/rules/test", { rule }, {}, signal);
export const suggestRule = (text: string, isSpam: boolean): Promise<SuggestedRule> => post("/v1/rules/suggest", { text, is_spam: isSpam });
export const saveRule = (name: string, rule: string): Promise<unknown> => put(`/v1/rules/${segment(name)}`, { rule });
export const removeRule = (name: string): Promise<unknown> => remove(`/v1/rules/${segment(name)}`);
export const undoRules = (): Promise<unknown> => post("/v1/rules/undo");

/** A message whose verdict is settled. */
export interface MustPassCase {
  text: string;
  isSpam: boolean;
  subject?: string | null;
  sender?: string | null;
  note?: string | null;
}

export interface MustPassMessage extends MustPassCase {
  id: string;
  verdict: Omit<Verdict, "id">;
  right: boolean;
}

export interface MustPassList {
  messages: MustPassMessage[];
  right: number;
  total: number;
}

/** Of a server with a workspace. */
export const mustPassList = (signal?: AbortSignal): Promise<MustPassList> => get("/v1/must-pass", {}, signal);

/** The list has a message once; the same message again replaces its verdict. */
export const addMustPass = ({ text, isSpam, subject, sender, note }: MustPassCase): Promise<{ id: string; added: boolean }> =>
  put("/v1/must-pass", { text, isSpam, subject: subject ?? null, sender: sender ?? null, note: note ?? null });
export const removeMustPass = (id: string): Promise<unknown> => remove(`/v1/must-pass/${segment(id)}`);
