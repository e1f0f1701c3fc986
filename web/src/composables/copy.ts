// Copying a text for other programs.
import { t } from "@/texts/en";

/** Without encryption browsers have no clipboard for pages, but still copy what is selected. */
function copySelected(text: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return copied;
}

/** Copies a text; throws an error that says what to do. */
export async function copyText(text: string): Promise<void> {
  // Absent where the address is not secure, whatever its type says.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  const copied = clipboard
    ? await clipboard.writeText(text).then(
        () => true,
        () => false,
      )
    : false;
  if (!copied && !copySelected(text)) throw new Error(t.common.notCopied);
}
