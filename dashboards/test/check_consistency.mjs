// Holds dashboards, rules, provisioning and docs/METRICS.md against each other. What a type cannot
// say: names that must be the same in two files, boxes that must not overlap.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  queriesOf, readDashboards, readRules, repository, ruleFiles, ruleTestFiles,
} from './dashboards.mjs';
import { builtIn, filled, variableQuery, variablesIn } from './grafana.mjs';
import { labelsOfRecorded, metricsIn } from './metrics_doc.mjs';
import { nodesOf, parse } from './promql.mjs';

const datasourceUid = 'closewait-prometheus';
const columns = 24;

// Units of Grafana by their ids. An id that Grafana does not know is shown as a suffix, so a
// misspelt one is not seen by the type check.
const units = new Set([
  'Bps', 'bytes', 'cps', 'dateTimeAsIso', 'dateTimeFromNow', 'dtdurations', 'locale', 'none',
  'percentunit', 's', 'short',
]);
// Grafana fills these in links of a field, and in the choice of all values.
const others = new Set(['__value', '__data', '__all']);

function labelsOf(name, known) {
  return known.get(name) ?? (name.includes(':') ? labelsOfRecorded(name) : new Set());
}

function labelsBelow(node, known) {
  const labels = new Set();
  for (const each of nodesOf(node)) {
    if (each.kind !== 'selector') continue;
    for (const label of labelsOf(each.metric, known)) labels.add(label);
  }
  return labels;
}

// Names and labels that an expression uses and docs/METRICS.md does not have.
export function expressionComplaints(text, known, recorded) {
  let tree;
  try {
    tree = parse(text);
  } catch (error) {
    return [error.message];
  }
  const complaints = [];
  const mustHave = (labels, has, what) => {
    for (const label of labels) {
      if (!has.has(label)) complaints.push(`${what} has no label '${label}'`);
    }
  };
  for (const node of nodesOf(tree)) {
    if (node.kind === 'selector') {
      const { metric, matchers } = node;
      if (!known.has(metric) && !recorded.has(metric)) {
        complaints.push(`'${metric}' is neither in docs/METRICS.md nor recorded by a rule`);
        continue;
      }
      mustHave(matchers.map(([label]) => label), labelsOf(metric, known), metric);
    } else if (node.kind === 'aggregation' && node.grouping) {
      mustHave(node.grouping.labels, labelsBelow(node, known), `what '${node.name}' adds up`);
    } else if (node.kind === 'binary' && node.matching !== '') {
      const labels = [...node.matching.matchAll(/\(([^)]*)\)/g)]
        .flatMap(([, list]) => list.split(', ')).filter((each) => each !== '');
      mustHave(labels, labelsBelow(node.left, known), `the left side of '${node.operator}'`);
      mustHave(labels, labelsBelow(node.right, known), `the right side of '${node.operator}'`);
    }
  }
  return complaints;
}

function overlap(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

export function layoutComplaints(panels) {
  const complaints = [];
  for (const [index, { title, gridPos: box }] of panels.entries()) {
    if (box.x < 0 || box.y < 0 || box.w < 1 || box.h < 1 || box.x + box.w > columns) {
      complaints.push(`panel '${title}' is not inside ${columns} columns`);
    }
    for (const other of panels.slice(index + 1)) {
      if (overlap(box, other.gridPos)) complaints.push(`'${title}' lies over '${other.title}'`);
    }
  }
  return complaints;
}

function twice(values) {
  return values.filter((each, index) => values.indexOf(each) !== index);
}

function panelComplaints(panel) {
  const complaints = [];
  const wrong = (what) => complaints.push(`panel '${panel.title}' ${what}`);
  if (!panel.title) complaints.push(`panel ${panel.id} has no title`);
  if (!/\w.*\.$/s.test(panel.description ?? '')) wrong('has no description in sentences');
  const properties = panel.fieldConfig.overrides.flatMap((each) => each.properties);
  const used = [panel.fieldConfig.defaults.unit, panel.options.yAxis?.unit]
    .concat(properties.filter(({ id }) => id === 'unit').map(({ value }) => value));
  if (!used[0]) wrong('has no unit');
  for (const unit of used) {
    if (unit && !units.has(unit)) {
      wrong(`has the unit '${unit}'; a right one that is new belongs into check_consistency.mjs`);
    }
  }
  const refs = panel.targets.map(({ refId }) => refId);
  if (refs.length === 0) wrong('asks nothing');
  for (const ref of twice(refs)) wrong(`has two queries ${ref}`);
  return complaints.concat(columnComplaints(panel, refs, wrong) ?? []);
}

// A table's columns are named three times: by query, when they are renamed, and in overrides.
function columnComplaints(panel, refs, wrong) {
  for (const { id, options } of panel.transformations ?? []) {
    if (id !== 'organize') continue;
    for (const column of Object.keys({ ...options.renameByName, ...options.indexByName })) {
      const ref = /^Value #(.+)$/.exec(column)?.[1];
      if (ref && !refs.includes(ref)) wrong(`names the column '${column}' of no query`);
    }
    const names = new Set(Object.values(options.renameByName));
    for (const { matcher } of panel.fieldConfig.overrides) {
      if (!names.has(matcher.options)) wrong(`overrides '${matcher.options}', which is no column`);
    }
  }
}

export function dashboardComplaints(dashboard, known, recorded) {
  const complaints = [];
  const defined = new Set(dashboard.templating.list.map(({ name }) => name));
  const text = JSON.stringify(dashboard);
  for (const name of new Set(variablesIn(text))) {
    if (!defined.has(name) && !(name in builtIn()) && !others.has(name)) {
      complaints.push(`$${name} is used and nowhere defined`);
    }
  }
  for (const [, uid] of text.matchAll(/"type":"prometheus","uid":"([^"]*)"/g)) {
    if (uid !== datasourceUid) complaints.push(`datasource '${uid}' instead of ${datasourceUid}`);
  }
  for (const key of ['id', 'version']) {
    if (key in dashboard) complaints.push(`has '${key}', which Grafana changes with every save`);
  }
  for (const id of twice(dashboard.panels.map((each) => each.id))) {
    complaints.push(`two panels have the id ${id}`);
  }
  const values = Object.fromEntries([...defined].map((name) => [name, 'x']));
  for (const { where, expr, kind } of queriesOf(dashboard)) {
    const special = kind === 'variable' ? variableQuery(expr) : { expr };
    if (!special) {
      complaints.push(`${where}: expected label_values(...) or query_result(...): ${expr}`);
      continue;
    }
    try {
      const asked = filled(special.expr ?? special.selector, values);
      const found = expressionComplaints(asked, known, recorded);
      if (special.label && !labelsBelow(parse(asked), known).has(special.label)) {
        found.push(`'${special.selector}' has no label '${special.label}'`);
      }
      complaints.push(...found.map((each) => `${where}: ${each}`));
    } catch (error) {
      complaints.push(`${where}: ${error.message}`);
    }
  }
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  return complaints.concat(panels.flatMap(panelComplaints), layoutComplaints(dashboard.panels));
}

// Links go to dashboards that exist, and no two dashboards have one uid.
export function linkComplaints(dashboards) {
  const uids = dashboards.map(({ dashboard }) => dashboard.uid);
  const complaints = twice(uids).map((uid) => `dashboards: two have the uid '${uid}'`);
  for (const { name, dashboard } of dashboards) {
    for (const [, uid] of JSON.stringify(dashboard).matchAll(/"url":"\/d\/([\w-]+)/g)) {
      if (!uids.includes(uid)) complaints.push(`${name}: a link to '${uid}', no dashboard of ours`);
    }
  }
  return complaints;
}

// What a rule names, what an alert must say, and that each is tested firing and not firing.
export function ruleComplaints(rules, ruleText, testText, known, recorded) {
  const complaints = [];
  for (const rule of rules) {
    const wrong = (what) => complaints.push(`${rule.where}: ${rule.name} ${what}`);
    for (const each of expressionComplaints(rule.expr, known, recorded)) wrong(each);
    if (rule.kind === 'record') {
      if (!/^[a-z_]+:[a-z0-9_]+:[a-z0-9]+$/.test(rule.name)) wrong('is not level:metric:operation');
      if (!testText.includes(rule.name)) wrong('has no test');
      continue;
    }
    const body = ruleText.split(`- alert: ${rule.name}\n`)[1]?.split('- alert: ')[0] ?? '';
    for (const key of ['severity', 'summary', 'description', 'runbook']) {
      if (!body.includes(`${key}:`)) wrong(`has no ${key}`);
    }
    const summary = body.split('summary:')[1]?.split('description:')[0] ?? '';
    if (!summary.includes('$labels.run')) wrong('does not name the run in its summary');
    if (!summary.includes('$value')) wrong('has no count in its summary');
    const fires = new RegExp(`alertname: ${rule.name}\n\\s+exp_alerts:\n`).test(testText);
    const quiet = testText.includes(`alertname: ${rule.name}, exp_alerts: []`);
    if (!fires || !quiet) wrong(`is not tested ${fires ? 'at rest' : 'firing'}`);
  }
  return complaints;
}

// The texts of deploy/: where Grafana finds Prometheus, and how that scrapes.
export function deployComplaints({ datasource, prometheus }) {
  const complaints = [];
  const value = (text, key) => new RegExp(`\\b${key}: *['"]?([\\w-]+)`).exec(text)?.[1];
  const uid = value(datasource, 'uid');
  if (uid !== datasourceUid) {
    complaints.push(`deploy/grafana: the datasource is '${uid}', expected '${datasourceUid}'`);
  }
  const [told, scraped] = [value(datasource, 'timeInterval'), value(prometheus, 'scrape_interval')];
  if (told !== scraped) {
    complaints.push(`deploy/grafana: timeInterval is ${told}, Prometheus scrapes every ${scraped}`);
  }
  return complaints;
}

function main() {
  const read = (name) => readFileSync(path.join(repository, name), 'utf8');
  const known = metricsIn(read('docs/METRICS.md'));
  const rules = readRules();
  const recorded = new Set(rules.filter(({ kind }) => kind === 'record').map(({ name }) => name));
  const joined = (files) => files.map(({ file }) => readFileSync(file, 'utf8')).join('');
  const dashboards = readDashboards();
  const deploy = existsSync(path.join(repository, 'deploy')) && {
    datasource: read('deploy/grafana/provisioning/datasources/prometheus.yml'),
    prometheus: read('deploy/prometheus/prometheus.yml'),
  };
  const complaints = dashboards
    .flatMap(({ name, dashboard }) =>
      dashboardComplaints(dashboard, known, recorded).map((each) => `${name}: ${each}`))
    .concat(linkComplaints(dashboards))
    .concat(ruleComplaints(rules, joined(ruleFiles()), joined(ruleTestFiles()), known, recorded))
    .concat(deploy ? deployComplaints(deploy) : []);
  for (const each of complaints) console.error(each);
  if (!deploy) console.log('consistency: no deploy/ here, so the datasource is not compared');
  const queries = dashboards.flatMap(({ dashboard }) => queriesOf(dashboard)).length;
  console.log(
    `consistency: ${queries} queries of ${dashboards.length} dashboards, ${rules.length} rules, ` +
      `${known.size} series in docs/METRICS.md, ${complaints.length} complaints`,
  );
  process.exitCode = complaints.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
