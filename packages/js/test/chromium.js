// Headless Chromium. A page: serves folders and models under a strict policy, and waits for what the page sends to /done.
import {spawn} from 'node:child_process';
import {createServer} from 'node:http';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {extname, join, normalize} from 'node:path';

const kTypes = {'.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json'};
export const kPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";

/** Serves `folders` ({'/models': directory}); `changed` may replace bytes. Returns {url, requests, done, close}. */
export async function serve(folders, {texts = [], changed = (path, bytes) => bytes} = {}) {
  const requests = [];
  let report;
  const done = new Promise(resolve => { report = resolve; });
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    requests.push(path);
    if (path === '/done') {
      const parts = [];
      for await (const part of request) parts.push(part);
      response.end();
      return report(JSON.parse(Buffer.concat(parts).toString()));
    }
    const headers = {'content-security-policy': kPolicy};
    if (path === '/texts') return response.writeHead(200, headers).end(JSON.stringify(texts));
    const whole = path.endsWith('/') ? `${path}index.html` : path;
    const at = Object.keys(folders).filter(prefix => whole.startsWith(prefix)).sort((a, b) => b.length - a.length)[0];
    const bytes = at === undefined ? undefined : await readFile(join(folders[at], whole.slice(at.length))).catch(() => undefined);
    if (bytes === undefined) return response.writeHead(404, headers).end();
    response.writeHead(200, {...headers, 'content-type': kTypes[extname(whole)] ?? 'application/octet-stream'});
    response.end(changed(path, bytes));
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {url: `http://localhost:${server.address().port}`, requests, done, close: () => { server.close(); server.closeAllConnections(); }};
}

/** Opens a page until `done` is settled, or for half a minute. */
export async function visit(program, url, done, more = []) {
  const profile = await mkdtemp(join(tmpdir(), 'winnow-chromium-'));
  const browser = spawn(program, ['--headless=new', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage', '--enable-logging=stderr',
    `--user-data-dir=${profile}`, ...(process.getuid() === 0 ? ['--no-sandbox'] : []), ...more, url], {stdio: ['ignore', 'ignore', 'pipe']});
  let log = '';
  browser.stderr.on('data', data => { log += data; });
  const gone = new Promise(resolve => browser.once('exit', resolve));
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`the page did not answer\n${log.split('\n').filter(line => /CONSOLE/.test(line)).join('\n')}`)), 30000); });
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
    browser.kill();
    await gone;
    await rm(profile, {recursive: true, force: true, maxRetries: 5});
  }
}

/** Starts Chromium for commands of the DevTools protocol, through a pipe. `drive` is given send(method, parameters, session), and its
 * result is returned. */
export async function command(program, drive) {
  const profile = await mkdtemp(join(tmpdir(), 'winnow-chromium-'));
  const browser = spawn(program, ['--headless=new', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage', '--remote-debugging-pipe',
    '--enable-unsafe-extension-debugging', `--user-data-dir=${profile}`, ...(process.getuid() === 0 ? ['--no-sandbox'] : []), 'about:blank'],
    {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});
  const [, , , input, output] = browser.stdio;
  const waiting = new Map();
  const gone = new Promise(resolve => browser.once('exit', resolve));
  let received = '';
  output.setEncoding('utf8').on('data', data => {
    const messages = (received + data).split('\0');
    received = messages.pop();
    for (const {id, result, error} of messages.map(message => JSON.parse(message))) {
      const [resolve, reject] = waiting.get(id) ?? [];
      if (error === undefined) resolve?.(result);
      else reject(new Error(error.message));
    }
  });
  input.on('error', () => {});
  let last = 0;
  const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
    waiting.set(++last, [resolve, reject]);
    input.write(`${JSON.stringify({id: last, method, params, sessionId})}\0`);
  });
  const timer = setTimeout(() => browser.kill(), 60000);
  try {
    return await Promise.race([drive(send), gone.then(() => { throw new Error('Chromium has ended'); })]);
  } finally {
    clearTimeout(timer);
    browser.kill();
    await gone;
    await rm(profile, {recursive: true, force: true, maxRetries: 5});
  }
}
