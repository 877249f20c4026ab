// Makes src/api/schema.d.ts from the OpenAPI document that the program itself prints:
//   node scripts/types.mjs PROGRAM           writes the file
//   node scripts/types.mjs PROGRAM --check   says whether it is current
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const [program = "tachograph", mode] = process.argv.slice(2);
const target = new URL("../src/api/schema.d.ts", import.meta.url);
const document = JSON.parse(execFileSync(program, ["openapi"], { encoding: "utf8" }));
// Types are looked up by path; names of operations, which must differ from each other, are not needed.
for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) delete operation.operationId;
const text = `// Made by scripts/types.mjs from \`tachograph openapi\`. Do not edit.\n\n${astToString(await openapiTS(document))}`;
if (mode !== "--check") {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/api/schema.d.ts is not what `tachograph openapi` says: run `node scripts/types.mjs PROGRAM` in web/");
  process.exit(1);
}
