import assert from 'node:assert/strict';
import test from 'node:test';

import { readDashboards, queriesOf, readRules } from './dashboards.mjs';
import { filled, isVariableQuery } from './grafana.mjs';
import { nodesOf, operandsOf, parse, print, withoutFilters } from './promql.mjs';

test('what is read is printed as the same query', () => {
  for (const text of [
    'sum by (run, le) (rate(a_bucket{run="x", b=~"y|z"}[1m]))',
    '1000 * (a + b) / c',
    'a - b - c',
    'a{b!="c"} offset 5m >= bool on (run) group_left (x) b',
    'histogram_quantile(0.99, sum by (le) (rate(a_bucket[90s])))',
    '-a * 1e-9',
    '{__name__="x"}',
  ]) {
    assert.equal(print(parse(text)), text);
  }
  assert.equal(print(parse('sum(a) by (b)')), 'sum by (b) (a)');
});

test('operators bind as Prometheus binds them', () => {
  const tree = parse('a or b and c == d + e * f');
  assert.equal(tree.operator, 'or');
  assert.equal(tree.right.operator, 'and');
  assert.equal(tree.right.right.operator, '==');
  assert.equal(tree.right.right.right.operator, '+');
  assert.equal(parse('a unless b and c').operator, 'and', 'and and unless go from left to right');
});

test('comparisons are made to filter nothing, wherever they stand', () => {
  const bool = (text) => print(withoutFilters(parse(text)));
  assert.equal(bool('a > 1'), 'a > bool 1');
  assert.equal(
    bool('sum(a == 1) >= on (run) (b != 2)'),
    'sum(a == bool 1) >= bool on (run) (b != bool 2)',
  );
  assert.equal(bool('a > bool 1'), 'a > bool 1');
});

test('what set operators join is taken apart, in parentheses too', () => {
  const parts = (text) => operandsOf(parse(text)).map(print);
  assert.deepEqual(parts('(a > 1 and on (run) b == 1) unless c'), ['a > 1', 'b == 1', 'c']);
  assert.deepEqual(parts('a + b'), ['a + b']);
});

test('what is no PromQL is refused', () => {
  for (const text of ['sum(', 'a b', 'a{b="c}', 'a ~ b', 'a[1m', '']) {
    assert.throws(() => parse(text), Error, text);
  }
});

test('every query and rule of this repository is read and printed without loss', () => {
  const squeezed = (text) => text.replaceAll(/\s/g, '');
  const all = readDashboards().flatMap(({ dashboard }) => queriesOf(dashboard)).concat(readRules());
  for (const { expr } of all.filter((each) => !isVariableQuery(each))) {
    const text = filled(expr, { run: 'x', server: 'x' });
    assert.equal(squeezed(print(parse(text))), squeezed(text));
    assert.ok([...nodesOf(parse(text))].some(({ kind }) => kind === 'selector'), text);
  }
});
