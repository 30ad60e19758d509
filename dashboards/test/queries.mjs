// Asks a real Prometheus everything that the dashboards and rules ask, as Grafana would, and names
// each query that has no series.
//
//   node queries.mjs --prometheus http://127.0.0.1:9090 --from UNIX --to UNIX --run NAME...
//
// Each run has its own --run; the first is the one that a dashboard of one run shows. --to may be
// after the runs are over.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { queriesOf, readDashboards, readRules } from './dashboards.mjs';
import { builtIn, filled, variableQuery } from './grafana.mjs';
import { operandsOf, parse, print, withoutFilters } from './promql.mjs';

class Prometheus {
  constructor(address, from, to, step) {
    Object.assign(this, { address, from, to, step });
  }

  async get(path, parameters) {
    const url = `${this.address}${path}?${new URLSearchParams(parameters)}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    const { status, data, error } = await response.json();
    if (status !== 'success') throw new Error(error);
    return data;
  }

  // The labels of the series that have a value, at the end or anywhere in the range; NaN is none.
  async series(kind, query) {
    const { from: start, to: end, step } = this;
    const { result } =
      kind === 'instant'
        ? await this.get('/api/v1/query', { query, time: end })
        : await this.get('/api/v1/query_range', { query, start, end, step });
    const values = (each) => (each.values ?? [each.value]).map(([, value]) => value);
    return result
      .filter((each) => values(each).some((value) => value !== 'NaN'))
      .map(({ metric }) => metric);
  }

  // What a variable may be set to.
  async choices({ selector, label, expr, regex }) {
    if (selector) {
      const parameters = { 'match[]': selector, start: this.from, end: this.to };
      return this.get(`/api/v1/label/${label}/values`, parameters);
    }
    const { result } = await this.get('/api/v1/query', { query: expr, time: this.to });
    const wanted = new RegExp(regex.slice(1, -1));
    return result.map(({ metric }) => {
      const labels = Object.entries(metric).map(([name, value]) => `${name}="${value}"`);
      return wanted.exec(`{${labels.join(',')}}`)?.[1];
    });
  }
}

// The variables of a dashboard, each asked for and set. A dashboard of one run shows the first of
// `runs`, one of several shows all; complaints where what should be offered is not.
async function variableValues(dashboard, prometheus, runs, complain) {
  const values = {};
  for (const { name, query, regex, multi } of dashboard.templating.list) {
    const choices = await prometheus.choices({ ...variableQuery(query), regex });
    const wanted = name === 'run' ? runs : choices.slice(0, 1);
    const missing = wanted.filter((each) => !choices.includes(each));
    if (choices.length === 0 || missing.length > 0) {
      complain(`variable ${name} offers [${choices}], not [${missing}]: ${query}`);
    }
    values[name] = (multi ? wanted : wanted[0]) ?? 'none';
  }
  return values;
}

async function askDashboard({ name, dashboard }, prometheus, runs) {
  const complaints = [];
  const complain = (what) => complaints.push(`${name}: ${what}`);
  const values = await variableValues(dashboard, prometheus, runs, complain);
  const { from, to, step } = prometheus;
  const times = builtIn({ range: to - from, step, scrape: 1 });
  let asked = dashboard.templating.list.length;
  for (const { where, expr, kind } of queriesOf(dashboard)) {
    if (kind === 'variable') continue;
    asked++;
    const query = filled(expr, values, times);
    // What marks an event, or what is there unless something else is, may rightly have no series:
    // there each part must have some.
    const mayBeEmpty = where.startsWith('annotation') || / unless /.test(query);
    const parts = mayBeEmpty ? ruleParts(query) : [query];
    for (const part of parts) {
      const series = await seriesOf(prometheus, kind, part, complain);
      if (series?.length === 0) complain(`${where} has no series: ${part}`);
      // Where runs are side by side none may be left out, unless only some have what is asked.
      const shown = new Set(series?.map(({ run }) => run));
      const missing = Array.isArray(values.run) ? runs.filter((each) => !shown.has(each)) : [];
      if (series?.length > 0 && missing.length > 0 && !/ > 0$/.test(part)) {
        complain(`${where} has no series of the run ${missing}: ${part}`);
      }
    }
  }
  return { asked, complaints };
}

// What must have series for a rule to be able to say anything: comparisons answer 0 or 1 instead of
// leaving series out, and each side of and, or and unless is asked on its own.
export function ruleParts(expr) {
  return operandsOf(parse(expr)).map((each) => print(withoutFilters(each)));
}

// Undefined, and told, where Prometheus does not understand the query.
async function seriesOf(prometheus, kind, query, complain) {
  try {
    return await prometheus.series(kind, query);
  } catch (error) {
    complain(`${error.message}: ${query}`);
    return undefined;
  }
}

async function askRules(prometheus) {
  const complaints = [];
  const rules = readRules();
  const complain = (what) => complaints.push(what);
  for (const { where, name, expr } of rules) {
    for (const part of ruleParts(expr)) {
      const series = await seriesOf(prometheus, 'range', part, complain);
      if (series?.length === 0) complain(`${where}: ${name} has no series for: ${part}`);
    }
  }
  const { groups } = await prometheus.get('/api/v1/rules', {});
  const loaded = groups.flatMap((group) => group.rules);
  for (const { name, where } of rules) {
    const rule = loaded.find((each) => each.name === name);
    if (!rule) complain(`${where}: ${name} is not loaded by Prometheus`);
    else if (rule.health !== 'ok') complain(`${where}: ${name}: ${rule.lastError}`);
  }
  return { asked: rules.length, complaints };
}

// {asked, complaints} of all dashboards and rules.
export async function askEverything({ address, from, to, step = 1, runs }) {
  const prometheus = new Prometheus(address, from, to, step);
  const answers = [await askRules(prometheus)];
  for (const each of readDashboards()) answers.push(await askDashboard(each, prometheus, runs));
  return {
    asked: answers.reduce((sum, { asked }) => sum + asked, 0),
    complaints: answers.flatMap(({ complaints }) => complaints),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      prometheus: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' },
      run: { type: 'string', multiple: true },
    },
  });
  const { prometheus: address, from, to, run: runs } = values;
  if (!address || !from || !to || !runs) {
    throw new Error('expected --prometheus URL --from UNIX --to UNIX --run NAME');
  }
  const { asked, complaints } = await askEverything({
    address, from: Number(from), to: Number(to), runs,
  });
  for (const each of complaints) console.error(each);
  console.log(`queries: ${asked} queries and rules asked, ${complaints.length} complaints`);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
