// What Grafana does with the text of a query before Prometheus gets it.

// Those of its own variables that we use, as they are for a time range and a step in seconds.
export function builtIn({ range = 3600, step = 15, scrape = 5 } = {}) {
  return {
    __interval: `${step}s`,
    __range: `${Math.ceil(range)}s`,
    // As Grafana counts it: four scrapes at least.
    __rate_interval: `${Math.max(step + scrape, 4 * scrape)}s`,
  };
}

// The names that a text uses as $name or ${name}.
export function variablesIn(text) {
  return [...text.matchAll(/\$(?:\{(\w+)(?:[:.[][^}]*)?\}|(\w+))/g)].map(
    ([, braced, bare]) => braced ?? bare,
  );
}

// Several values are joined as Grafana joins them for a regular expression.
export function filled(text, values, times = builtIn()) {
  const all = { ...times, ...values };
  return text.replaceAll(/\$(\w+)/g, (whole, name) => {
    if (!(name in all)) throw new Error(`$${name} is not known here, in: ${text}`);
    const value = all[name];
    return Array.isArray(value) ? `(${value.join('|')})` : value;
  });
}

// label_values(metric, label) and query_result(expression) are Grafana's own; undefined otherwise.
export function variableQuery(text) {
  const labels = /^label_values\((.+), *(\w+)\)$/.exec(text);
  if (labels) return { selector: labels[1], label: labels[2] };
  const result = /^query_result\((.+)\)$/.exec(text);
  return result ? { expr: result[1] } : undefined;
}

export function isVariableQuery({ kind }) {
  return kind === 'variable';
}
