// Each thing that the consistency check is there for, done wrong once.
import assert from 'node:assert/strict';
import test from 'node:test';

import {
  dashboardComplaints, deployComplaints, expressionComplaints, layoutComplaints, linkComplaints,
  ruleComplaints,
} from './check_consistency.mjs';
import { readDashboards, rulesIn } from './dashboards.mjs';
import { metricsIn } from './metrics_doc.mjs';

const known = metricsIn(`
## The rig
| metric | type | labels | what it is |
| a_total | counter | behaviour, outcome | |
| b_seconds | histogram | behaviour | |
| fds_per_1000 | gauge | | |
## The server
| c | gauge | | |
`);
const recorded = new Set(['run_behaviour:a:increase2m']);
const said = (expr) => expressionComplaints(expr, known, recorded).join('\n');

test('only documented names with their own labels', () => {
  assert.equal(said('sum by (run, le) (rate(b_seconds_bucket{behaviour="x", job="y"}[1m]))'), '');
  assert.equal(said('run_behaviour:a:increase2m{behaviour="x"} > fds_per_1000'), '');
  assert.match(said('a_totl'), /a_totl/);
  assert.match(said('b_seconds'), /b_seconds/);
  assert.match(said('run_behaviour:b:increase2m'), /recorded/);
  assert.match(said('a_total{outcom="x"}'), /outcom/);
  assert.match(said('a_total{le="1"}'), /le/);
  assert.match(said('c{run="x"}'), /run/);
  assert.match(said('sum by (outcome) (b_seconds_count)'), /outcome/);
  assert.match(said('a_total - on (behaviour) c'), /right side.*behaviour/);
  assert.match(said('run_behaviour:a:increase2m{outcome="x"}'), /outcome/);
  assert.match(said('sum(a_total'), /expected/);
});

const soak = readDashboards().find(({ name }) => name.endsWith('soak.json')).dashboard;
const real = new Map([...JSON.stringify(soak).matchAll(/(?:closewait|process)_\w+/g)].map(
  ([name]) => [name, new Set(['run', 'behaviour', 'outcome', 'verdict', 'kind', 'state', 'le'])],
));
const broken = (change) => {
  const copy = structuredClone(soak);
  change(copy, copy.panels.find(({ type }) => type === 'timeseries'));
  return dashboardComplaints(copy, real, recorded).join('\n');
};

test('a dashboard that is broken on purpose is told', () => {
  assert.equal(broken(() => {}), '');
  assert.match(broken((d, p) => { p.targets[0].expr = 'up{run="$rnu"}'; }), /\$rnu/);
  assert.match(broken((d, p) => { p.targets[0].datasource.uid = 'other'; }), /other/);
  assert.match(broken((d) => { d.version = 3; }), /version/);
  assert.match(broken((d, p) => { p.id = 1; }), /two panels/);
  assert.match(broken((d, p) => { delete p.fieldConfig.defaults.unit; }), /no unit/);
  assert.match(broken((d, p) => { p.fieldConfig.defaults.unit = 'secs'; }), /secs/);
  assert.match(broken((d, p) => { p.description = ''; }), /description/);
  assert.match(broken((d, p) => { p.targets.push(p.targets[0]); }), /two queries/);
  assert.match(broken((d) => { d.templating.list = []; }), /\$run/);
  assert.match(broken((d) => { d.annotations.list[0].target.expr = 'none'; }), /annotation.*none/);
  assert.match(broken((d) => { d.templating.list[0].query = 'run'; }), /label_values/);
  assert.match(
    broken((d) => {
      const table = d.panels.find(({ type }) => type === 'table');
      table.transformations[1].options.renameByName['Value #Z'] = 'Z';
    }),
    /Value #Z/,
  );
  assert.match(
    broken((d) => {
      d.panels.find(({ type }) => type === 'table').fieldConfig.overrides[0].matcher.options = 'Q';
    }),
    /'Q'/,
  );
});

test('boxes stay inside the grid and beside each other', () => {
  const box = (title, x, y, w, h) => ({ title, gridPos: { h, w, x, y } });
  assert.deepEqual(layoutComplaints([box('a', 0, 0, 12, 4), box('b', 12, 0, 12, 4)]), []);
  const over = layoutComplaints([box('a', 0, 0, 12, 4), box('b', 11, 3, 12, 4)]);
  assert.match(over[0], /'a' lies over 'b'/);
  assert.match(layoutComplaints([box('a', 13, 0, 12, 4)])[0], /24 columns/);
});

test('links and uids', () => {
  const dashboard = (uid, url) => ({ name: uid, dashboard: { uid, links: [{ url }] } });
  assert.deepEqual(linkComplaints([dashboard('a', '/d/b'), dashboard('b', '/d/a?x')]), []);
  assert.match(linkComplaints([dashboard('a', '/d/c')])[0], /'c'/);
  assert.match(linkComplaints([dashboard('a', '/d/a'), dashboard('a', '/d/a')])[0], /two/);
});

const rule = `groups:
  - name: x
    rules:
      - alert: Bad
        expr: |
          a_total
          > 1
        labels:
          severity: critical
        annotations:
          summary: '{{ $labels.run }}: {{ $value }}'
          description: d
          runbook: r
`;
const tests = `- {eval_time: 1m, alertname: Bad, exp_alerts: []}
- eval_time: 2m
  alertname: Bad
  exp_alerts:
`;
const ruled = (text, tested) =>
  ruleComplaints(rulesIn(text, 'f.yml'), text, tested, known, recorded).join('\n');

test('an alert says what happened, and is tested firing and not', () => {
  assert.equal(rulesIn(rule, 'f.yml')[0].expr, 'a_total > 1');
  assert.equal(ruled(rule, tests), '');
  assert.match(ruled(rule.replace('runbook', 'book'), tests), /runbook/);
  assert.match(ruled(rule.replace('$value', 'x'), tests), /count/);
  assert.match(ruled(rule.replace('a_total', 'z'), tests), /'z'/);
  assert.match(ruled(rule, tests.replace('Bad, exp', 'Other, exp')), /tested at rest/);
  assert.match(ruled(rule, tests.replace('Bad\n', 'Other\n')), /tested firing/);
  assert.match(ruled(rule.replace('alert: Bad', 'record: bad'), tests), /level:metric:operation/);
});

test('what is deployed is what the dashboards ask', () => {
  const datasource = 'uid: closewait-prometheus\njsonData: {timeInterval: 5s}\n';
  const prometheus = 'global:\n  scrape_interval: 5s\n';
  const told = (change) => deployComplaints({ datasource, prometheus, ...change }).join('\n');
  assert.equal(told({}), '');
  assert.match(told({ datasource: 'uid: x\ntimeInterval: 5s' }), /'x'/);
  assert.match(told({ datasource: datasource.replace('5s', '15s') }), /15s/);
});
