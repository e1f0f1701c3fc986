// One person's review of one set: the session, its learning curve, the rate, and how long the next text took to appear.
import { computed, nextTick, onScopeDispose, ref, shallowReactive, shallowRef, watch, type Ref } from "vue";
import { useEvents } from "@/api/events";
import { nextItems, sendLabels, undoLabel, type ReviewItem, type ReviewStats } from "@/api/review";
import { choicesOf } from "@/logic/labelChoice";
import { curveOf, withPoint, type CurvePoint } from "@/logic/reviewCurve";
import { RateCounter } from "@/logic/reviewRate";
import { ReviewSession } from "@/logic/reviewSession";
import { emptyState, type SessionState } from "@/logic/reviewState";

/** Marks in the browser's performance timeline, which tell how long a person waits for the next text. */
const kDecided = "review:decided";
const kShown = "review:shown";

/** Well below the two minutes of a lease. */
const kRenewEvery = 45_000;

function measureNextText(): void {
  performance.clearMarks(kDecided);
  performance.mark(kDecided);
  void nextTick(() =>
    requestAnimationFrame(() => {
      performance.measure(kShown, kDecided);
    }),
  );
}

/** Labels of views that went before a server had them, as when a session ends; by set and reviewer. */
const kept = new Map<string, SessionState["unsent"]>();

export interface DeskOptions {
  set: Ref<string>;
  queue: Ref<string>;
  reviewer: Ref<string>;
  labels: Ref<readonly string[]>;
  stats: Ref<ReviewStats | null>;
  /** The learning curve of before. */
  measured: readonly { labels: number; f1_macro: number }[];
}

export function useReviewDesk({ set, queue, reviewer, labels, stats, measured }: DeskOptions) {
  const state = shallowReactive(emptyState());
  state.stats = stats.value;
  const owner = JSON.stringify([set.value, reviewer.value]);
  state.unsent = kept.get(owner) ?? [];
  kept.delete(owner);
  const place = () => ({ set: set.value, queue: queue.value, reviewer: reviewer.value });
  const session = new ReviewSession(state, {
    next: (count) => nextItems(place(), count),
    label: (decisions, count) => sendLabels(place(), decisions, count),
    undo: () => undoLabel(place()),
  });

  const rate = new RateCounter();
  const perMinute = ref<number | null>(null);
  const curve = shallowRef<CurvePoint[]>(curveOf(measured));
  /** Whether the data file has labels of its own, as far as texts have shown it. */
  const hasGiven = ref(false);
  watch(
    () => state.current,
    (item) => (hasGiven.value ||= item !== null && item.given !== null),
  );
  const choices = computed(() => choicesOf(labels.value, state.current));
  /** What Enter takes. */
  const suggestion = computed(() => state.current?.suggestion ?? null);

  watch(
    () => state.stats,
    (now) => {
      if (now) curve.value = withPoint(curve.value, now);
    },
    { immediate: true },
  );
  // Labels of others, and those of before this page was opened.
  watch(stats, (now) => {
    if (now && state.unsent.length === 0) state.stats = now;
  });
  watch(queue, () => void session.restart());

  function counted(): void {
    rate.add(performance.now());
    perMinute.value = rate.perMinute();
  }

  function decide(label: string | null): void {
    if (!state.current) return;
    measureNextText();
    session.decide(label);
    counted();
  }

  function decideAll(items: readonly ReviewItem[], label: string): void {
    session.decideAll(items, label);
  }

  function accept(): void {
    if (suggestion.value) decide(suggestion.value.label);
  }

  async function undo(count: number): Promise<void> {
    for (let i = 0; i < count; ++i) rate.takeBack();
    perMinute.value = rate.perMinute();
    await session.undo(count);
  }

  // The browser asks before a page is closed that holds labels which no server has.
  function beforeUnload(event: BeforeUnloadEvent): void {
    if (state.unsent.length > 0) event.preventDefault();
  }
  const retry = () => void session.retry();
  // Somebody who comes back after the leases have ended gets other texts, since colleagues may have these now.
  function seen(): void {
    if (document.visibilityState === "visible" && session.isExpired() && state.unsent.length === 0) void session.restart();
  }
  const renewing = setInterval(() => {
    if (document.visibilityState === "visible") void session.renew();
  }, kRenewEvery);
  addEventListener("beforeunload", beforeUnload);
  addEventListener("online", retry);
  useEvents("reset", retry);
  document.addEventListener("visibilitychange", seen);
  onScopeDispose(() => {
    removeEventListener("beforeunload", beforeUnload);
    removeEventListener("online", retry);
    document.removeEventListener("visibilitychange", seen);
    clearInterval(renewing);
    if (state.unsent.length > 0) kept.set(owner, state.unsent);
    session.close();
  });

  void (state.unsent.length > 0 ? session.retry() : session.start());
  return { state, session, choices, suggestion, curve, perMinute, hasGiven, decide, decideAll, accept, undo };
}
