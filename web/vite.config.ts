import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Where `npm run dev` finds a server: `tachograph demo` listens there by default.
const server = process.env.TACHOGRAPH_URL ?? "http://127.0.0.1:7420";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // A data: URL would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  // The runbooks of the built-in rules are in docs/.
  server: { fs: { allow: [".."] }, proxy: Object.fromEntries(["/v1", "/tlog", "/ui", "/health", "/log", "/metrics"].map((path) => [path, server])) },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
