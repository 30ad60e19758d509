// Holds each dashboard to the types that Grafana publishes (grafana_shapes.ts): its JSON is given
// to the TypeScript compiler as it stands, so a complaint has the line of the JSON file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

import { dashboardFiles } from './dashboards.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const composable = 'node_modules/@grafana/schema/dist/esm/raw/composable';
const options = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  noEmit: true,
  // The types of single panels are in the package, and not among what it exports.
  paths: { 'panels/*': [path.join(here, composable, '*')] },
  skipLibCheck: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
  types: [],
};

// The import stands on the JSON's first line, so that the lines stay what they are.
const head =
  "import type { Dashboard } from './grafana_shapes'; export const dashboard: Dashboard = ";

// [{name, text}] in, one list of complaints ("NAME:LINE:COLUMN: what") for each out.
export function typeComplaints(dashboards) {
  const sources = new Map(
    dashboards.map(({ text }, index) => [path.join(here, `dashboard_${index}.ts`), head + text]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) =>
    sources.has(file)
      ? ts.createSourceFile(file, sources.get(file), options.target)
      : getSourceFile(file, ...rest);
  const shapes = path.join(here, 'grafana_shapes.ts');
  const program = ts.createProgram([shapes, ...sources.keys()], options, host);
  const broken = [...program.getGlobalDiagnostics(), ...program.getOptionsDiagnostics()].concat(
    ts.getPreEmitDiagnostics(program, program.getSourceFile(shapes)),
  );
  if (broken.length > 0) {
    throw new Error(`grafana_shapes.ts does not compile: ${message(broken[0])}`);
  }
  return [...sources.keys()].map((file, index) => {
    const source = program.getSourceFile(file);
    return ts
      .getPreEmitDiagnostics(program, source)
      .map((each) => `${dashboards[index].name}:${place(source, each.start)}: ${message(each)}`);
  });
}

function place(source, start) {
  const { line, character } = source.getLineAndCharacterOfPosition(start);
  return `${line + 1}:${character + 1 - (line === 0 ? head.length : 0)}`;
}

// The last line of a chain of reasons is the one that names the key.
function message(diagnostic) {
  const lines = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n').split('\n');
  return lines[lines.length - 1].trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = dashboardFiles();
  const complaints = typeComplaints(
    files.map(({ file, name }) => ({ name, text: readFileSync(file, 'utf8') })),
  ).flat();
  for (const each of complaints) console.error(each);
  console.log(
    `types: ${files.length} dashboards against @grafana/schema, ${complaints.length} complaints`,
  );
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
