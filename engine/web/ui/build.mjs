// Builds ../static from src: hashed names, so that browsers may keep them for ever, and a list of what is inside.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { main: "src/main.tsx" },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  metafile: true,
  legalComments: "none",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
});

const outputs = Object.entries(metafile.outputs);
const entry = outputs.find(([, o]) => o.entryPoint === "src/main.tsx");
const name = (path) => path.split("/").pop();
const behind = (path, found = new Set()) => {
  for (const one of metafile.outputs[path].imports) {
    if (one.kind === "import-statement" && !found.has(one.path)) behind(one.path, found.add(one.path));
  }
  return found;
};
const first = behind(entry[0]);
// What a view is made of beyond that, so that a browser need not read one file to know of the next.
const views = outputs.filter(([, o]) => o.entryPoint?.startsWith("src/pages/"));
const more = ([path, o]) => [name(o.entryPoint).replace(".tsx", ""), [path, ...behind(path)].filter((one) => !first.has(one)).map(name)];
writeFileSync(
  join(out, "index.json"),
  JSON.stringify(
    { script: name(entry[0]), style: name(entry[1].cssBundle), preload: [...first].map(name), views: Object.fromEntries(views.map(more)) },
    null,
    2,
  ) + "\n",
);

// Only what was bundled is named: package, version, licence, and its text.
const packages = new Set();
for (const input of Object.keys(metafile.inputs)) {
  const found = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input);
  if (found) packages.add(found[1]);
}
let notices = "The built page holds these packages.\n";
for (const one of [...packages].sort()) {
  const folder = join(here, "node_modules", one);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  notices += `\n${"=".repeat(80)}\n${one} ${about.version} (${about.license})\n${"=".repeat(80)}\n`;
  if (file) notices += `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}
writeFileSync(join(out, "LICENSES.txt"), notices);

const sums = readdirSync(out)
  .sort()
  .map((f) => `${createHash("sha256").update(readFileSync(join(out, f))).digest("hex")}  ${f}\n`);
writeFileSync(join(out, "SHA256SUMS"), sums.join(""));
