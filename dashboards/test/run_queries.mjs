// A soak in small, for real: closewait-server, a run that passes against it, a run against a server
// that leaks, and a Prometheus that scrapes all three every second with our rules. Then every query
// of every panel and every rule is asked; the runs are over by then, as they are in the morning.
//
//   CLOSEWAIT_BIN=build/dev/bin node run_queries.mjs
//
// Takes about a minute. Everything listens on 127.0.0.1, is stopped at the end and removed.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { repository, ruleFiles } from './dashboards.mjs';
import { askEverything } from './queries.mjs';

const bin = process.env.CLOSEWAIT_BIN && path.resolve(process.env.CLOSEWAIT_BIN);
if (!bin) {
  console.error('CLOSEWAIT_BIN is not set: the folder of closewait, -server and -specimen');
  process.exit(1);
}

const deadline = Date.now() + 150_000;
const folder = mkdtempSync(path.join(tmpdir(), 'closewait-queries-'));
const started = [];

// The first answer that is not nothing; `needed` is the program without which there will be none.
async function eventually(what, needed, happens) {
  for (;;) {
    const found = await happens().catch(() => undefined);
    if (found) return found;
    if (needed.over) throw new Error(`${needed.name} ended (${needed.over}): ${needed.text()}`);
    if (Date.now() > deadline) throw new Error(`not in time: ${what}\n${needed.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// A port that is free now. Prometheus has to be told before those who listen there have started.
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Started with its output in a file; `ended` is its exit status, or its signal.
function start(name, program, argumentList) {
  const log = path.join(folder, `${name}.log`);
  const output = openSync(log, 'w');
  const environment = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const child = spawn(program, argumentList, {
    cwd: folder, env: environment, stdio: ['ignore', output, output],
  });
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (status, signal) => resolve(status ?? signal));
  });
  const running = { name, child, ended, over: undefined, text: () => readFileSync(log, 'utf8') };
  ended.then((how) => { running.over = `${how}`; });
  started.push(running);
  return running;
}

async function stopAll() {
  const signal = (name) => {
    for (const { child, over } of started) if (over === undefined) child.kill(name);
  };
  signal('SIGTERM');
  const patience = setTimeout(() => signal('SIGKILL'), 10_000);
  await Promise.all(started.map(({ ended }) => ended));
  clearTimeout(patience);
}

function prometheusConfiguration(targets) {
  const scrapes = Object.entries(targets).map(
    ([job, port]) =>
      `  - {job_name: ${job}, static_configs: [{targets: ['127.0.0.1:${port}']}]}`,
  );
  return [
    'global: {scrape_interval: 1s, evaluation_interval: 1s}',
    `rule_files: ${JSON.stringify(ruleFiles().map(({ file }) => file))}`,
    'scrape_configs:',
    ...scrapes,
    '',
  ].join('\n');
}

async function startPrometheus(targets) {
  const port = await freePort();
  const file = path.join(folder, 'prometheus.yml');
  writeFileSync(file, prometheusConfiguration(targets));
  const prometheus = start('prometheus', 'prometheus', [
    `--config.file=${file}`, `--storage.tsdb.path=${path.join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn',
  ]);
  const address = `http://127.0.0.1:${port}`;
  const isReady = async () => (await fetch(`${address}/-/ready`)).ok;
  await eventually('Prometheus is ready', prometheus, isReady);
  return { address, prometheus };
}

async function startServer(metricsPort) {
  const server = start('server', path.join(bin, 'closewait-server'), [
    '--listen', '127.0.0.1:0', '--service', 'http', '--metrics', `127.0.0.1:${metricsPort}`,
  ]);
  const other = (address) => !address.endsWith(`:${metricsPort}`);
  return eventually('closewait-server listens', server, async () =>
    (server.text().match(/127\.0\.0\.1:\d+/g) ?? []).find(other));
}

function startRun(name, metricsPort, more) {
  return start(name, path.join(bin, 'closewait'), [
    'run', path.join(repository, 'scenarios/smoke.yaml'), '--name', name,
    '--metrics', `127.0.0.1:${metricsPort}`, ...more,
  ]);
}

async function mustEnd({ name, ended, text }, statuses) {
  const late = new Promise((resolve) => {
    setTimeout(() => resolve('not in time'), deadline - Date.now()).unref();
  });
  const status = await Promise.race([ended, late]);
  if (!statuses.includes(status)) {
    const end = text().slice(-3000);
    throw new Error(`the run '${name}' ended with ${status}, expected ${statuses}:\n${end}`);
  }
}

async function ask(address, query) {
  const answer = await fetch(`${address}/api/v1/query?${new URLSearchParams({ query })}`);
  return (await answer.json()).data.result;
}

// The leak is told, and nothing is told of the run that passed.
async function alertComplaints(address) {
  const firing = async (run) => {
    const selector = `ALERTS{alertstate="firing", run="${run}"}`;
    const query = `max by (alertname) (max_over_time(${selector}[10m]))`;
    return (await ask(address, query)).map(({ metric }) => metric.alertname);
  };
  const complaints = [];
  const [leak, pass] = [await firing('leak'), await firing('pass')];
  if (!leak.includes('ClosewaitLeak')) complaints.push(`ClosewaitLeak did not fire, but [${leak}]`);
  if (pass.length > 0) complaints.push(`of the run that passed there were alerts: ${pass}`);
  return complaints;
}

async function main() {
  mkdirSync(path.join(folder, 'data'));
  const ports = { server: await freePort(), pass: await freePort(), leak: await freePort() };
  const { address, prometheus } = await startPrometheus(ports);
  const target = await startServer(ports.server);
  const from = Date.now() / 1000;
  const runs = [
    startRun('pass', ports.pass, ['--target', target]),
    startRun('leak', ports.leak, [
      '--set', 'target.start=closewait-specimen fd-leak-on-reset --listen 127.0.0.1:0',
    ]),
  ];
  // A busy machine may make the first inconclusive; that is for other tests to mind.
  await mustEnd(runs[0], [0, 3]);
  await mustEnd(runs[1], [1]);
  await eventually('the runs are over and their series stale', prometheus, async () => {
    const finished = 'min(last_over_time(closewait_run_finished[10m])) == 1';
    return (await ask(address, `${finished} unless on () closewait_run_finished`)).length > 0;
  });
  const { asked, complaints } = await askEverything({
    address, from, to: Date.now() / 1000, runs: ['leak', 'pass'],
  });
  complaints.push(...(await alertComplaints(address)));
  for (const each of complaints) console.error(each);
  console.log(
    `queries: ${asked} queries and rules asked of two real runs, ${complaints.length} complaints`,
  );
  return complaints.length > 0 ? 1 : 0;
}

for (const name of ['SIGINT', 'SIGTERM']) {
  process.once(name, async () => {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  });
}
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
