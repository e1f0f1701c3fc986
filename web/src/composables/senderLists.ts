// Puts senders on the lists of the filter, with a way back.
import { getSender, setSender, type SenderList } from "@/api/filter";
import { messageOf } from "@/api/http";
import { t } from "@/texts/en";
import { useToast } from "./toast";

const words = t.history.sender;

function doneText(sender: string, list: SenderList): string {
  if (list === "none") return words.cleared(sender);
  return list === "deny" ? words.blocked(sender) : words.allowed(sender);
}

/** `change(...)` resolves to whether it was done; `changed` is called after each change, also after an undo. */
export function useSenderLists(changed?: () => unknown) {
  const { show } = useToast();

  /** `user`: whose list it is; without: the list for all users. */
  async function change(sender: string, list: SenderList, user?: string | null): Promise<boolean> {
    try {
      const former = (await getSender(sender, user)).list;
      await setSender(sender, list, user);
      const undo = async (): Promise<void> => {
        await setSender(sender, former, user);
        await changed?.();
      };
      show(doneText(sender, list), { tone: "good", ...(former !== list && { undo }) });
      // Not awaited: what is done is done, also while a list is still on its way.
      void changed?.();
      return true;
    } catch (error) {
      show(messageOf(error), { tone: "bad" });
      return false;
    }
  }

  return { change };
}
