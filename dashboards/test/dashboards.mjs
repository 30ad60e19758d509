// The dashboards and rule files of this repository, as what they ask of Prometheus.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

function filesIn(folder, accepts) {
  const directory = path.join(repository, folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter(accepts)
    .sort()
    .map((each) => ({ file: path.join(directory, each), name: `${folder}/${each}` }));
}

export function dashboardFiles() {
  return filesIn('dashboards/grafana', (name) => name.endsWith('.json'));
}

// The tests of the rules are elsewhere, so that the folder can be given to Prometheus as it is.
export function ruleFiles() {
  return filesIn('dashboards/prometheus', (name) => name.endsWith('.yml'));
}

export function ruleTestFiles() {
  return filesIn('dashboards/test/rules', (name) => name.endsWith('.yml'));
}

// [{name, dashboard}]
export function readDashboards() {
  return dashboardFiles().map(({ file, name }) => {
    try {
      return { name, dashboard: JSON.parse(readFileSync(file, 'utf8')) };
    } catch (error) {
      throw new Error(`${name}: ${error.message}`);
    }
  });
}

// Every query of a dashboard: {where, expr, kind}, where kind is `instant`, `range` or `variable`.
export function queriesOf(dashboard) {
  const queries = [];
  for (const variable of dashboard.templating.list) {
    queries.push({ where: `variable ${variable.name}`, expr: variable.query, kind: 'variable' });
  }
  for (const annotation of dashboard.annotations.list) {
    const { expr } = annotation.target;
    queries.push({ where: `annotation '${annotation.name}'`, expr, kind: 'range' });
  }
  for (const panel of dashboard.panels) {
    for (const { expr, instant, refId } of panel.targets ?? []) {
      const where = `panel '${panel.title}' ${refId}`;
      queries.push({ where, expr, kind: instant ? 'instant' : 'range' });
    }
  }
  return queries;
}

// The rules of a file as we write them: `- alert: NAME` or `- record: NAME`, then `expr:` with the
// expression on the line itself or below it, deeper. Whatever else is in a rule is passed over;
// promtool has read the file as YAML before.
export function rulesIn(text, name) {
  const rules = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; ++i) {
    const begin = /^\s*- (alert|record): (\S+)$/.exec(lines[i]);
    if (begin) rules.push({ kind: begin[1], name: begin[2], where: `${name}:${i + 1}`, expr: '' });
    const expr = /^(\s*)expr: (.*)$/.exec(lines[i]);
    if (!expr || rules.length === 0) continue;
    const parts = expr[2] === '|' ? [] : [expr[2]];
    const deeper = new RegExp(`^${expr[1]}\\s+\\S`);
    while (deeper.test(lines[i + 1] ?? '')) parts.push(lines[++i].trim());
    rules[rules.length - 1].expr = parts.join(' ');
  }
  for (const rule of rules) {
    if (rule.expr === '') throw new Error(`${rule.where}: no expr found for ${rule.name}`);
  }
  return rules;
}

export function readRules() {
  return ruleFiles().flatMap(({ file, name }) => rulesIn(readFileSync(file, 'utf8'), name));
}
