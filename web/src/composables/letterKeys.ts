// Whether keys of one letter lead through the page. Programs for dictation type letters, so that they can be turned off; the
// browser keeps that, as it keeps the colors.
import { ref, watch } from "vue";

const kKey = "winnow-letter-keys";

function stored(): boolean {
  try {
    return localStorage.getItem(kKey) !== "off";
  } catch {
    return true; // storage may be forbidden
  }
}

/** The choice, the same for the whole page. */
export const letterKeys = ref(stored());

watch(letterKeys, (on) => {
  try {
    if (on) localStorage.removeItem(kKey);
    else localStorage.setItem(kKey, "off");
  } catch {
    // The choice then lasts as long as the page.
  }
});
