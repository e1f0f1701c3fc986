// The views of the page, in groups, with the keys that lead there (g, then the letter).
import type { Role } from "@/api/session";
import type { IconName } from "@/components/icons";
import { t } from "@/texts/en";

export interface NavItem {
  name: string;
  title: string;
  icon: IconName;
  key: string;
}

export const kNavigation: { title: string; items: NavItem[] }[] = [
  {
    title: t.nav.groups.build,
    items: [
      { name: "start", title: t.nav.start, icon: "start", key: "s" },
      { name: "try", title: t.nav.try, icon: "try", key: "t" },
      { name: "data", title: t.nav.data, icon: "data", key: "d" },
      { name: "review", title: t.nav.review, icon: "review", key: "r" },
      { name: "benchmark", title: t.nav.benchmark, icon: "benchmark", key: "b" },
    ],
  },
  {
    title: t.nav.groups.mail,
    items: [
      { name: "history", title: t.nav.history, icon: "history", key: "h" },
      { name: "filter", title: t.nav.filter, icon: "filter", key: "f" },
    ],
  },
  {
    title: t.nav.groups.server,
    items: [
      { name: "models", title: t.nav.models, icon: "models", key: "m" },
      { name: "operate", title: t.nav.operate, icon: "operate", key: "o" },
    ],
  },
];

/** The view that a client begins with: Start is for administrators, and who may label wants to label. */
export function homeName(role: Role, workspace: boolean): string {
  if (role === "feedback" && workspace) return "review";
  return role === "admin" ? "start" : "try";
}

export const kNavItems = kNavigation.flatMap((group) => group.items);
