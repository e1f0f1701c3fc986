// What the page of browser.test.js does; it sends what it finds to /done.
import {Classifier} from 'winnow/browser';

const failed = promise => promise.then(() => 'loaded', error => `${error.name} ${error.code} ${error.message} ${error.hint}`);

async function inServiceWorker() {
  const registration = await navigator.serviceWorker.register('/service-worker.js', {type: 'module'});
  const worker = registration.active ?? await new Promise(resolve => {
    const waiting = registration.installing ?? registration.waiting;
    waiting.addEventListener('statechange', () => waiting.state === 'activated' && resolve(waiting));
  });
  const {port1, port2} = new MessageChannel();
  const answer = new Promise(resolve => { port1.onmessage = ({data}) => resolve(data); });
  worker.postMessage('You won a prize', [port2]);
  return answer;
}

async function run() {
  const texts = await (await fetch('/texts')).json();
  const progress = [];
  const began = performance.now();
  const classifier = await Classifier.load('/models/lr/', {onProgress: one => progress.push(one)});
  const ready = performance.now() - began;
  const found = await classifier.classify(texts);
  const strict = await classifier.classify(texts.slice(0, 50), {mode: 'strict'});
  const {calls} = classifier.statistics;
  classifier.release();
  const again = [];
  const cached = await Classifier.load('/models/lr', {onProgress: ({file}) => again.push(file)});
  const {label} = await cached.classify(texts[0]);
  cached.release();
  const here = await Classifier.load('/models/lr/', {worker: false});
  const sync = here.classifySync(texts[0]).label;
  return {
    found, strict: strict.map(({label}) => label), calls, ready, label, sync, again,
    engine: classifier.engine,
    isolated: globalThis.crossOriginIsolated,
    progress: progress.filter(({file}) => file === 'linear.bin').at(-1),
    changed: await failed(Classifier.load('/changed/lr/', {cache: false})),
    missing: await failed(Classifier.load('/models/none/')),
    serviceWorker: globalThis.noServiceWorker ? 'none' : await inServiceWorker(),
  };
}

run().catch(error => ({error: `${error.name} ${error.message} ${error.hint ?? ''} ${error.stack}`}))
    .then(result => fetch('/done', {method: 'POST', body: JSON.stringify(result)}));
