// Dashboards broken on purpose: the type check must name the line of each.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { typeComplaints } from './check_types.mjs';
import { dashboardFiles } from './dashboards.mjs';

const textOf = (name) =>
  readFileSync(dashboardFiles().find((each) => each.name.endsWith(name)).file, 'utf8');
const whole = textOf('soak.json');
const runs = textOf('runs.json');

// What is broken, the text that is replaced where it stands first, and what the complaint says.
const breaks = [
  ['a wrong mode', '"colorMode": "background"', '"colorMode": "backgrund"', /backgrund/],
  ["a wrong mode of a panel's own", '"mode": "scheme"', '"mode": "schema"', /schema/],
  ['a wrong drawing style', '"drawStyle": "line"', '"drawStyle": "lines"', /lines/],
  ['a wrong scale', '"type": "log"', '"type": "logarithmic"', /logarithmic/],
  ['a number for a unit', '"unit": "cps"', '"unit": 7', /number|unit/],
  ['a text for a number', '"decimals": 0', '"decimals": "0"', /string/],
  ['a misspelt key of the options', '"graphMode":', '"grafMode":', /grafMode|graphMode/],
  ['a misspelt key of a graph\'s field', '"lineWidth":', '"linewidth":', /linewidth/],
  ['a misspelt key of the defaults', '"thresholds": {', '"treshold": {', /treshold/],
  ['a misspelt key of a panel', '"transformations":', '"transforms":', /transforms/],
  ['a misspelt key of a query', '"legendFormat":', '"legend":', /legend/],
  ['a misspelt key of the dashboard', '"graphTooltip":', '"graphTooltips":', /graphTooltips/],
  ['a misspelt key of an annotation', '"iconColor":', '"iconColour":', /iconColour|iconColor/],
  ['a query format that does not exist', '"format": "heatmap"', '"format": "heat"', /heat/],
  ['an unknown type of panel', '"type": "state-timeline"', '"type": "timeline"', /timeline/],
  ['an override of nothing', '"id": "custom.lineStyle"', '"id": "custom.lineStile"', /lineStile/],
  ['a panel without a unit', '"unit": "none"', '"decimals": 1', /unit/],
  ['a panel without a description', '"description": "What the', '"x": "What the', /description|x/],
  ['a refresh of a variable that does not exist', '"refresh": 2', '"refresh": 5', /5/],
];

function broken(text, from, to) {
  const at = text.indexOf(from);
  assert.notEqual(at, -1, `no ${from} in the dashboard; this test breaks nothing`);
  const line = text.slice(0, at).split('\n').length;
  return { text: text.slice(0, at) + to + text.slice(at + from.length), line };
}

test('a dashboard that is broken on purpose is caught, where it is broken', async (t) => {
  const cases = breaks.map(([what, from, to, says]) => {
    return { what, says, ...broken(whole, from, to) };
  });
  const foreign = '"displayMode": "basic", "graphMode": "none"';
  const alien = broken(runs, '"displayMode": "basic"', foreign);
  cases.push({ what: 'an option of another panel', says: /graphMode/, ...alien });
  cases.push({ what: 'nothing', text: whole }, { what: 'nothing either', text: runs });
  const complaints = typeComplaints(cases.map(({ what, text }) => ({ name: what, text })));
  for (const [index, { what, says, line }] of cases.entries()) {
    await t.test(what, () => {
      if (!says) return assert.deepEqual(complaints[index], []);
      assert.notEqual(complaints[index].length, 0, 'nothing was said');
      assert.match(complaints[index].join('\n'), says);
      const lines = complaints[index].map((each) => Number(each.split(':')[1]));
      // A key that is missing is told where its panel begins.
      const near = lines.some((told) => told <= line && told > line - 120);
      assert.ok(near, `line ${line}: ${complaints[index]}`);
    });
  }
});
