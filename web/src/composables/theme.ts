// Light or dark: by the system, or as chosen here. The page keeps that in the browser.
import { readonly, ref } from "vue";

export type Theme = "system" | "light" | "dark";
const kKey = "winnow-theme";
const theme = ref<Theme>("system");

function stored(): Theme {
  try {
    const value = localStorage.getItem(kKey);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system"; // storage may be forbidden
  }
}

function apply(): void {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  // Charts take their colors from the page.
  dispatchEvent(new CustomEvent("winnow-theme"));
}

export function restoreTheme(): void {
  theme.value = stored();
  apply();
}

export function useTheme() {
  return {
    theme: readonly(theme),
    setTheme(next: Theme): void {
      theme.value = next;
      try {
        if (next === "system") localStorage.removeItem(kKey);
        else localStorage.setItem(kKey, next);
      } catch {
        // The choice then lasts as long as the page.
      }
      apply();
    },
  };
}
