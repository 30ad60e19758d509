// docs/METRICS.md as data: the names that a query may use, and the labels that each has.

// What Prometheus adds to every series.
const everywhere = ['instance', 'job'];
const histogramSeries = { _bucket: ['le'], _count: [], _sum: [] };

// Map from the name of a series to its labels.
export function metricsIn(text) {
  const series = new Map();
  let heading = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) heading = line.slice(3).trim();
    const row = /^\| ([a-z0-9_]+) \| (gauge|counter|histogram) \| ([^|]*)\|/.exec(line);
    if (!row) continue;
    const [, name, type, labels] = row;
    const own = labels.split(',').map((each) => each.trim()).filter((each) => each !== '');
    const all = [...everywhere, ...(heading === 'The server' ? [] : ['run']), ...own];
    if (type !== 'histogram') series.set(name, new Set(all));
    for (const [suffix, more] of Object.entries(type === 'histogram' ? histogramSeries : {})) {
      series.set(name + suffix, new Set([...all, ...more]));
    }
  }
  if (series.size === 0) throw new Error('no table of metrics found in docs/METRICS.md');
  return series;
}

// `level:metric:operation`, where the level names the labels: run_behaviour has run and behaviour.
export function labelsOfRecorded(name) {
  return new Set(name.split(':')[0].split('_'));
}
