// What the rules of the filter say about themselves, fetched once for the page.
import { readonly, ref, shallowRef } from "vue";
import { listRules, type Rule } from "@/api/filter";

const words = shallowRef<ReadonlyMap<string, string> | null>(null);
const changes = ref(0);
let asked = false;

function keep(rules: readonly Rule[]): void {
  words.value = new Map(rules.map((rule) => [rule.name, rule.description]));
}

/** Reasons are named by their symbols alone where the rules can't be fetched: a verdict is readable without them. */
async function fetchWords(): Promise<void> {
  if (asked) return;
  asked = true;
  try {
    keep((await listRules()).rules);
  } catch {
    asked = false;
  }
}

/** To be called after each change of the rules: who shows them fetches them again. */
function rulesChanged(): void {
  asked = false;
  changes.value += 1;
}

/**
 * `descriptionOf(name)` is null for a rule that is unknown or describes itself nowhere. `keep` is for who has fetched the rules
 * anyway, and `changes` counts their changes.
 */
export function useRuleWords() {
  return { fetchWords, keep, rulesChanged, changes: readonly(changes), descriptionOf: (name: string): string | null => words.value?.get(name) || null };
}
