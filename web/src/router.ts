import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { get, messageOf } from "./api/http";
import { root } from "./api/root";
import type { Role } from "./api/session";
import { watchLeaving } from "./composables/stillHere";
import { useToast } from "./composables/toast";
import { isMissingScript } from "./logic/missingScript";
import { t } from "./texts/en";

declare module "vue-router" {
  interface RouteMeta {
    /** What the browser's tab shows. */
    title?: string;
    /** What a client must be to see the view. */
    role?: Role;
    /** Whether the view needs a workspace. */
    workspace?: boolean;
  }
}

const routes: RouteRecordRaw[] = [
  { path: "/", name: "start", component: () => import("./views/start/StartView.vue"), meta: { title: t.nav.start, role: "admin", workspace: true } },
  { path: "/try", name: "try", component: () => import("./views/try/TryView.vue"), meta: { title: t.nav.try, role: "classify" } },
  { path: "/data", name: "data", component: () => import("./views/data/DataView.vue"), meta: { title: t.nav.data, role: "admin", workspace: true } },
  {
    path: "/data/:name",
    name: "data-file",
    component: () => import("./views/data/DataFileView.vue"),
    meta: { title: t.nav.data, role: "admin", workspace: true },
  },
  {
    path: "/benchmark",
    name: "benchmark",
    component: () => import("./views/benchmark/BenchmarkView.vue"),
    meta: { title: t.nav.benchmark, role: "admin", workspace: true },
  },
  { path: "/review", name: "review", component: () => import("./views/review/ReviewView.vue"), meta: { title: t.nav.review, role: "feedback", workspace: true } },
  {
    path: "/review/:set",
    name: "review-set",
    component: () => import("./views/review/ReviewSetView.vue"),
    meta: { title: t.nav.review, role: "feedback", workspace: true },
  },
  { path: "/history", name: "history", component: () => import("./views/history/HistoryView.vue"), meta: { title: t.nav.history, role: "admin" } },
  { path: "/filter", name: "filter", component: () => import("./views/filter/FilterView.vue"), meta: { title: t.nav.filter, role: "admin" } },
  { path: "/models", name: "models", component: () => import("./views/models/ModelsView.vue"), meta: { title: t.nav.models, role: "classify" } },
  {
    path: "/models/:name",
    name: "model",
    component: () => import("./views/models/ModelView.vue"),
    meta: { title: t.nav.models, role: "admin", workspace: true },
  },
  { path: "/operate", name: "operate", component: () => import("./views/operate/OperateView.vue"), meta: { title: t.nav.operate, role: "admin" } },
  { path: "/jobs/:id", name: "job", component: () => import("./views/job/JobView.vue"), meta: { title: t.job.title, role: "admin", workspace: true } },
  { path: "/:path(.*)*", name: "missing", component: () => import("./views/MissingView.vue"), meta: { title: t.missing.title } },
];

// Of what index.html names relative to its address, the browser resolves the icon again whenever the address changes.
const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
icon?.setAttribute("href", icon.href);

export const router = createRouter({
  history: createWebHistory(`${root}/ui/`),
  routes,
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
});

watchLeaving(router);
router.afterEach((to, from) => {
  setTitle(to.meta.title);
  if (to.path !== from.path) useToast().leaveView();
});

// The script of a view is fetched when the view is opened for the first time. A server that was upgraded since the page was
// loaded no longer has it: the page is loaded anew, at the address of the view.
router.onError(async (error, to, from) => {
  const { show } = useToast();
  if (!isMissingScript(error)) return show(messageOf(error), { tone: "bad" });
  try {
    await get("/v1/session");
  } catch (thrown) {
    return show(t.app.viewUnreachable(messageOf(thrown)), { tone: "bad" });
  }
  // The first view of a page that was just loaded: it would be loaded again and again.
  if (from.matched.length === 0) return show(t.app.viewMissing, { tone: "bad" });
  location.assign(router.resolve(to.fullPath).href);
});

/** The title of the browser's tab; views with a name of their own (a file, a model) set it again. */
export function setTitle(title?: string): void {
  document.title = title ? `${title} – ${t.app.name}` : t.app.name;
}
