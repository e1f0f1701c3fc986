// The keys of the view that is shown, for the list that `?` opens.
import { onMounted, onUnmounted, readonly, ref } from "vue";

export interface KeyEntry {
  keys: string[];
  text: string;
}

const entries = ref<KeyEntry[]>([]);
export const pageKeys = readonly(entries);

/** Lists the keys of a view for as long as it is shown. */
export function usePageKeys(list: KeyEntry[]): void {
  onMounted(() => {
    entries.value = list;
  });
  onUnmounted(() => {
    if (entries.value === list || entries.value.length > 0) entries.value = [];
  });
}
