import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the page with the API of this server.
const server = process.env.WINNOW_SERVER ?? "http://127.0.0.1:8080";

function chunkOf(id: string): string | undefined {
  if (!id.includes("node_modules")) return undefined;
  if (/node_modules\/(echarts|zrender|tslib)\//.test(id)) return "charts";
  if (/node_modules\/(vue|vue-router|@vue)\//.test(id)) return "vue";
  if (/node_modules\/(reka-ui|@floating-ui|@vueuse|@internationalized|aria-hidden|defu|ohash)\//.test(id)) return "reka";
  return undefined;
}

export default defineConfig(({ command }) => ({
  // Relative, since a proxy may publish the page below another path; the server completes index.html (routes_page.cpp).
  base: command === "build" ? "./" : "/ui/",
  plugins: [vue()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  worker: { format: "es" },
  build: {
    target: "es2020",
    outDir: "../build/web/dist",
    emptyOutDir: true,
    // The policy of the page allows styles and scripts of the server alone, so nothing is written into index.html.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
        manualChunks: chunkOf,
      },
    },
  },
  server: {
    proxy: Object.fromEntries(["/v1", "/models", "/api", "/health", "/ready"].map((path) => [path, { target: server }])),
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
}));
