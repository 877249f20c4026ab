// Compiles the package with nothing but tsc: dist/esm, dist/cjs, and dist/test with the tests.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
// The pattern file that tacho-redact makes, as a module that both builds can import.
const patterns = readFileSync(`${root}/src/patterns.json`, "utf8").trim();
writeFileSync(`${root}/src/patterns.ts`, `/** Made from patterns.json by scripts/build.mjs. */\nexport const patterns = ${patterns};\n`);
rmSync(`${root}/dist`, { recursive: true, force: true });
const compile = (config) => {
  const { status } = spawnSync(process.execPath, [tsc, "-p", config], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};
["tsconfig.json", "tsconfig.cjs.json", "tsconfig.test.json"].forEach(compile);
// The package is ESM; what lies here is not.
writeFileSync(`${root}/dist/cjs/package.json`, '{"type":"commonjs"}\n');
// The types as a program reads them that has not told its compiler of Node's.
compile("tsconfig.types.json");
