// Reads PromQL as far as our queries go: into a tree, so that what a query names can be checked and
// what hides its series can be taken out. Grafana's variables must be filled in before.

const aggregations = new Set(
  ['sum', 'max', 'min', 'avg', 'count', 'group', 'topk', 'bottomk', 'quantile', 'stddev'],
);
const precedence = new Map([
  ['or', 1], ['and', 2], ['unless', 2],
  ['==', 3], ['!=', 3], ['<=', 3], ['<', 3], ['>=', 3], ['>', 3],
  ['+', 4], ['-', 4], ['*', 5], ['/', 5], ['%', 5], ['^', 6],
]);
const setOperators = new Set(['or', 'and', 'unless']);
const comparisons = new Set(['==', '!=', '<=', '<', '>=', '>']);

const pattern = new RegExp(
  [
    /(?<space>\s+)/,
    /(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/,
    /(?<duration>(?:\d+(?:ms|[smhdwy]))+)/,
    /(?<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)/,
    /(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)/,
    /(?<sign>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}[\],])/,
  ].map((each) => each.source).join('|'),
  'y',
);

function tokensOf(text) {
  const tokens = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) throw new Error(`not PromQL from '${text.slice(at, at + 20)}' on, in: ${text}`);
    const [kind, value] = Object.entries(match.groups).find(([, each]) => each !== undefined);
    if (kind !== 'space') tokens.push({ kind, value });
  }
  return tokens;
}

class Parser {
  constructor(text) {
    this.text = text;
    this.tokens = tokensOf(text);
    this.next = 0;
  }

  peek() { return this.tokens[this.next]?.value; }

  take(expected) {
    const token = this.tokens[this.next++];
    if (!token || (expected !== undefined && token.value !== expected)) {
      const found = token ? `'${token.value}'` : 'the end';
      throw new Error(`expected ${expected ?? 'more'}, found ${found}, in: ${this.text}`);
    }
    return token.value;
  }

  accept(value) {
    if (this.peek() !== value) return false;
    this.next++;
    return true;
  }

  list(open, close, item) {
    const items = [];
    this.take(open);
    while (!this.accept(close)) {
      items.push(item());
      if (this.peek() !== close) this.take(',');
    }
    return items;
  }

  labels() { return this.list('(', ')', () => this.take()); }

  // Operators of one precedence are taken from left to right (we have no `^`).
  expression(least = 1) {
    let left = this.postfix();
    while ((precedence.get(this.peek()) ?? 0) >= least) {
      const operator = this.take();
      const bool = this.accept('bool');
      let matching = '';
      for (const word of ['on', 'ignoring', 'group_left', 'group_right']) {
        if (!this.accept(word)) continue;
        const labels = this.peek() === '(' ? this.labels() : [];
        matching += ` ${word} (${labels.join(', ')})`;
      }
      const right = this.expression(precedence.get(operator) + 1);
      left = { kind: 'binary', operator, bool, matching, left, right };
    }
    return left;
  }

  postfix() {
    const operand = this.operand();
    let suffix = '';
    for (;;) {
      if (this.accept('[')) suffix += `[${this.take()}]${this.take(']') && ''}`;
      else if (this.accept('offset')) suffix += ` offset ${this.take()}`;
      else break;
    }
    return suffix === '' ? operand : { kind: 'suffixed', operand, suffix };
  }

  operand() {
    if (this.accept('-')) return { kind: 'negative', operand: this.postfix() };
    if (this.accept('(')) {
      const inner = this.expression();
      this.take(')');
      return { kind: 'parentheses', inner };
    }
    if (this.peek() === '{') return this.selector('');
    const { kind } = this.tokens[this.next] ?? {};
    const value = this.take();
    if (kind !== 'name') return { kind: 'literal', value };
    if (aggregations.has(value)) return this.aggregation(value);
    if (this.peek() !== '(') return this.selector(value);
    return { kind: 'call', name: value, arguments: this.list('(', ')', () => this.expression()) };
  }

  aggregation(name) {
    let grouping;
    const group = () => {
      if (['by', 'without'].includes(this.peek())) {
        grouping = { word: this.take(), labels: this.labels() };
      }
    };
    group();
    const list = this.list('(', ')', () => this.expression());
    if (!grouping) group();
    return { kind: 'aggregation', name, grouping, arguments: list };
  }

  selector(metric) {
    const matchers =
      this.peek() === '{'
        ? this.list('{', '}', () => [this.take(), this.take(), this.take()])
        : [];
    return { kind: 'selector', metric, matchers };
  }
}

export function parse(text) {
  const parser = new Parser(text);
  const tree = parser.expression();
  if (parser.next < parser.tokens.length) {
    throw new Error(`'${parser.peek()}' is too much in: ${text}`);
  }
  return tree;
}

function children(node) {
  return [node.left, node.right, node.operand, node.inner, ...(node.arguments ?? [])].filter(
    (each) => each !== undefined,
  );
}

// Every node of the tree, from the top.
export function* nodesOf(tree) {
  yield tree;
  for (const each of children(tree)) yield* nodesOf(each);
}

export function print(node) {
  const all = (nodes) => nodes.map(print).join(', ');
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'selector': {
      const matchers = node.matchers.map((each) => each.join('')).join(', ');
      return node.metric + (matchers === '' ? '' : `{${matchers}}`);
    }
    case 'suffixed':
      return print(node.operand) + node.suffix;
    case 'negative':
      return `-${print(node.operand)}`;
    case 'parentheses':
      return `(${print(node.inner)})`;
    case 'call':
      return `${node.name}(${all(node.arguments)})`;
    case 'aggregation': {
      const { word, labels } = node.grouping ?? {};
      const by = word ? ` ${word} (${labels.join(', ')}) ` : '';
      return `${node.name}${by}(${all(node.arguments)})`;
    }
    case 'binary': {
      const operator = node.operator + (node.bool ? ' bool' : '') + node.matching;
      return `${print(node.left)} ${operator} ${print(node.right)}`;
    }
    default:
      throw new Error(`cannot print ${node.kind}`);
  }
}

// The same with comparisons that answer 0 or 1 and filter nothing out.
export function withoutFilters(node) {
  const copy = { ...node };
  for (const key of ['left', 'right', 'operand', 'inner']) {
    if (node[key]) copy[key] = withoutFilters(node[key]);
  }
  if (node.arguments) copy.arguments = node.arguments.map(withoutFilters);
  if (node.kind === 'binary' && comparisons.has(node.operator)) copy.bool = true;
  return copy;
}

// What and, or and unless join: each part must have series of its own, or the whole says nothing.
export function operandsOf(node) {
  if (node.kind === 'parentheses') return operandsOf(node.inner);
  if (node.kind === 'binary' && setOperators.has(node.operator)) {
    return [...operandsOf(node.left), ...operandsOf(node.right)];
  }
  return [node];
}
