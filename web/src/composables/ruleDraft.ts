// A rule that somebody writes, tried on the history after each pause.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { testRule, type RuleTest } from "@/api/filter";
import { isAborted } from "@/api/http";

const pauseMs = 400;

/** `result` is that of the text as it is now, or null; `checking` says that one is on its way. */
export function useRuleDraft() {
  const text = ref("");
  const tested = shallowRef<{ text: string; result: RuleTest } | null>(null);
  const error = shallowRef<unknown>(null);
  const checking = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let controller: AbortController | null = null;

  async function test(): Promise<void> {
    clearTimeout(timer);
    controller?.abort();
    if (text.value.trim() === "") {
      checking.value = false;
      return;
    }
    const current = new AbortController();
    controller = current;
    const asked = text.value;
    try {
      tested.value = { text: asked, result: await testRule(asked, current.signal) };
      error.value = null;
    } catch (thrown) {
      if (isAborted(thrown)) return;
      error.value = thrown;
    } finally {
      if (controller === current) checking.value = false;
    }
  }

  watch(text, () => {
    checking.value = true;
    clearTimeout(timer);
    timer = setTimeout(() => void test(), pauseMs);
  });
  onScopeDispose(() => {
    clearTimeout(timer);
    controller?.abort();
  });

  const result = computed(() => (tested.value?.text === text.value ? tested.value.result : null));
  /** Stays while the next result is computed, so that the page doesn't jump with each letter. */
  const lastResult = computed(() => tested.value?.result ?? null);
  return { text, result, lastResult, checking, error, test };
}
