import {Classifier} from 'winnow/browser';

addEventListener('install', () => skipWaiting());
addEventListener('message', event => event.waitUntil((async () => {
  try {
    const classifier = await Classifier.load('/models/lr/', {worker: false});
    event.ports[0].postMessage((await classifier.classify(event.data)).label);
  } catch (error) {
    event.ports[0].postMessage(`${error.name} ${error.message}`);
  }
})()));
