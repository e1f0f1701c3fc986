// What a press of a button begins: the button is busy until it has ended, and its error is told in a note.
import { readonly, ref } from "vue";
import { messageOf } from "@/api/http";
import { useToast } from "./toast";

/** `act(...)` resolves when the action has ended, whether or not it has succeeded. */
export function useAction() {
  const { show } = useToast();
  const busy = ref(false);

  async function act(action: () => Promise<unknown>): Promise<void> {
    busy.value = true;
    try {
      await action();
    } catch (error) {
      show(messageOf(error), { tone: "bad" });
    } finally {
      busy.value = false;
    }
  }

  return { busy: readonly(busy), act };
}
