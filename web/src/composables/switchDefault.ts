// Switching the model that answers for everybody: asked before, undone by one click.
import { switchModel, type ServedModel } from "@/api/models";
import { messageOf } from "@/api/http";
import { t } from "@/texts/en";
import { useConfirm } from "./confirm";
import { useToast } from "./toast";

type Named = Pick<ServedModel, "name" | "version">;

export function useSwitchDefault(changed: () => unknown) {
  const { confirm } = useConfirm();
  const { show } = useToast();

  /** Asks, then switches. Returns whether the default was switched. */
  return async function switchDefault(to: Named, from: Named | null): Promise<boolean> {
    const agreed = await confirm({
      title: t.switching.title(to.name),
      text: t.switching.text(to.name, from?.name ?? null),
      action: t.switching.action(to.name),
    });
    if (!agreed) return false;
    try {
      await switchModel(`${to.name}:${to.version}`);
      await changed();
      const undo = async (): Promise<void> => {
        if (!from) return;
        await switchModel(`${from.name}:${from.version}`);
        await changed();
      };
      show(t.switching.done(to.name), from ? { tone: "good", undo } : { tone: "good" });
      return true;
    } catch (error) {
      show(messageOf(error), { tone: "bad" });
      return false;
    }
  };
}
