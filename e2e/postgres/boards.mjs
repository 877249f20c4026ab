// The dashboards against the types of Grafana's SDK: `node boards.mjs FOLDER`, where FOLDER has the dashboards. What is checked
// are a dashboard, its panels' options and fields, and the queries.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const folder = process.argv[2];
const sdk = "@grafana/grafana-foundation-sdk";
const kinds = { timeseries: "timeseries", barchart: "barchart", stat: "stat", table: "table" };
const lines = [`import type { Dashboard, Panel } from "${sdk}/dashboard";`, `import type { Dataquery as Metric } from "${sdk}/prometheus";`];
for (const [name, module] of Object.entries(kinds)) lines.push(`import type { Options as ${name}Options } from "${sdk}/${module}";`);
// A file has an enumeration's words, where the SDK has its members.
lines.push("type Plain<T> = T extends string ? `${T}` : T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;");
let count = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const { panels, ...board } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  lines.push(`{ const board: Plain<Partial<Dashboard>> = ${JSON.stringify(board)}; void board }`);
  for (const panel of panels) {
    const { targets, options, ...rest } = panel;
    lines.push(`{ const panel: Plain<Partial<Omit<Panel, "targets" | "options">>> = ${JSON.stringify(rest)}; void panel }`);
    lines.push(`{ const options: Plain<Partial<${panel.type}Options>> = ${JSON.stringify(options)}; void options }`);
    for (const { datasource, ...target } of targets) if (target.expr) lines.push(`{ const metric: Plain<Partial<Metric>> = ${JSON.stringify(target)}; void metric; void ${JSON.stringify(datasource)} }`);
    count += 1;
  }
}
const here = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
const source = join(dirname(here), "..", "boards.ts");
writeFileSync(source, `${lines.join("\n")}\n`);
try {
  execFileSync(process.execPath, [join(here, "bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2022", source], { encoding: "utf8" });
} catch (error) {
  console.error(error.stdout);
  process.exit(1);
}
if (count < 50) throw new Error(`only ${count} panels`);
console.log(`Grafana's types: ${count} panels are good`);
