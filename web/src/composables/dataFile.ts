// One data file of the workspace: its changes, each with a way back.
import { ref, type Ref } from "vue";
import type { ReadingOptions } from "@/api/data";
import { changeRows, undoChange, type RowChanges } from "@/api/dataRows";
import { ApiError, messageOf } from "@/api/http";
import { t } from "@/texts/en";
import { useToast } from "./toast";

export interface DataChanges {
  busy: Readonly<Ref<boolean>>;
  /** Changes rows, says so with a way back, and resolves to whether that was done. */
  change: (changes: RowChanges, version?: string, undone?: () => void) => Promise<boolean>;
  undo: () => Promise<void>;
}

/** `changed` is called after each change, also after one of somebody else that has come between. */
export function useDataChanges(name: () => string, options: () => ReadingOptions, changed: () => unknown): DataChanges {
  const { show } = useToast();
  const busy = ref(false);

  async function undo(): Promise<void> {
    await undoChange(name());
    await changed();
  }

  async function change(changes: RowChanges, version?: string, undone: () => void = () => undefined): Promise<boolean> {
    busy.value = true;
    try {
      const answer = await changeRows(name(), changes, options(), version);
      show(answer.changed + answer.removed > 0 ? t.data.changed(answer.changed, answer.removed) : t.data.nothingChanged, {
        tone: "good",
        undo: async () => {
          await undo();
          undone();
        },
      });
      await changed();
      return true;
    } catch (error) {
      const conflict = error instanceof ApiError && error.status === 409;
      show(conflict ? t.data.conflict : messageOf(error), { tone: "bad" });
      if (conflict) await changed();
      return false;
    } finally {
      busy.value = false;
    }
  }

  return { busy, change, undo };
}
