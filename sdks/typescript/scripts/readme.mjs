// Holds README.md to the library: compiles every block of TypeScript in it. With `run`, runs the first one, the quick start.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}/dist/readme`;
const blocks = [...readFileSync(`${root}/README.md`, "utf8").matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code);
if (blocks.length < 4) throw new Error(`README.md holds ${blocks.length} blocks of TypeScript, expected at least 4`);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
blocks.forEach((code, at) => writeFileSync(`${folder}/block-${at + 1}.ts`, code));
// Next.js is not installed for the sake of one function.
writeFileSync(`${folder}/next.d.ts`, 'declare module "next/headers" {\n  export function headers(): Promise<Headers>;\n}\n');
const config = { extends: "../../tsconfig.json", compilerOptions: { rootDir: ".", outDir: "out", declaration: false }, include: ["."] };
writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const compiled = spawnSync(process.execPath, [tsc, "-p", folder], { stdio: "inherit" });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
if (process.argv[2] === "run") process.exit(spawnSync(process.execPath, [`${folder}/out/block-1.js`], { stdio: "inherit" }).status ?? 1);
