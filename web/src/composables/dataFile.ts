// One data file of the workspace: its changes, each with a way back.
import { ref, type Ref } from "vue";
import type { ReadingOptions } from "@/api/data";
import { changeRows, undoChange, type RowChanges, type RowsChanged } from "@/api/dataRows";
import { ApiError, messageOf } from "@/api/http";
import { t } from "@/texts/en";
import { useToast } from "./toast";

/** Changes rows, says so with a way back, and resolves to what was done; null: nothing. `undone` gets the version after the way back. */
export type ChangeRows = (changes: RowChanges, version?: string, undone?: (version: string) => void) => Promise<RowsChanged | null>;

export interface DataChanges {
  /** A change or an undo is under way. The last change is known when it has ended. */
  busy: Readonly<Ref<boolean>>;
  change: ChangeRows;
  undo: () => Promise<void>;
}

/** `changed` is called after each change, also after one of somebody else that has come between. */
export function useDataChanges(name: () => string, options: () => ReadingOptions, changed: () => unknown): DataChanges {
  const { show } = useToast();
  const busy = ref(false);

  async function undo(): Promise<void> {
    busy.value = true;
    try {
      await undoChange(name());
      await changed();
    } finally {
      busy.value = false;
    }
  }

  /** Undoes that change alone: when a note offers it, other changes may have followed, and another file may be shown. */
  async function undoOne(file: string, changedTo: string): Promise<string> {
    try {
      const { version } = await undoChange(file, changedTo);
      await changed();
      return version;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) throw new Error(t.data.notLast(file));
      throw error;
    }
  }

  const change: ChangeRows = async (changes, version, undone = () => undefined) => {
    busy.value = true;
    const file = name();
    try {
      const answer = await changeRows(file, changes, options(), version);
      show(answer.changed + answer.removed > 0 ? t.data.changed(answer.changed, answer.removed) : t.data.nothingChanged, {
        tone: "good",
        undo: async () => undone(await undoOne(file, answer.version)),
      });
      await changed();
      return answer;
    } catch (error) {
      const conflict = error instanceof ApiError && error.status === 409;
      show(conflict ? t.data.conflict : messageOf(error), { tone: "bad" });
      if (conflict) await changed();
      return null;
    } finally {
      busy.value = false;
    }
  };

  return { busy, change, undo };
}
