// Installs the package into a project as README.md says, and sees that npm's later commands leave it there: no link, no refusal.
import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [, said] = /in your project\n\n((?: {4}.*\n)+)/.exec(readFileSync(`${root}/README.md`, "utf8")) ?? [];
if (said === undefined) throw new Error("README.md does not say how to install");
const project = mkdtempSync(`${tmpdir()}/tacho-ts-install-`);
const run = (command) => {
  // npm hands its settings down by the environment; a user's shell has none of them.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  execFileSync("sh", ["-ec", command], { cwd: project, env: { ...env, npm_config_offline: "true", npm_config_loglevel: "error" }, stdio: ["ignore", "ignore", "inherit"] });
};
try {
  writeFileSync(`${project}/package.json`, '{"name":"project","private":true}');
  run(said.replaceAll("PATH/sdks/typescript", `'${root}'`));
  for (const later of ["true", "npm install", "npm uninstall another", "npm ci"]) {
    run(later);
    if (lstatSync(`${project}/node_modules/tachograph-client`).isSymbolicLink()) throw new Error(`after "${later}" the package is a link`);
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
