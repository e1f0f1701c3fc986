import {Classifier} from 'winnow/browser';

const text = document.getElementById('text'), progress = document.getElementById('progress'), answer = document.getElementById('answer');
const sizes = new Map();

/** The share of the bytes of all files so far. */
function onProgress({file, loaded, total}) {
  sizes.set(file, [loaded, total]);
  const [done, all] = [...sizes.values()].reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  progress.value = done / all;
}

let asked = 0;

async function show(classifier) {
  const turn = ++asked;
  if (text.value.trim() === '') return void (answer.textContent = '');
  const {label, confidence} = await classifier.classify(text.value);
  if (turn === asked) answer.textContent = `${label}, ${(100 * confidence).toFixed(1)} %`;
}

try {
  const classifier = await Classifier.load('model/', {onProgress});
  progress.hidden = true;
  text.disabled = false;
  text.addEventListener('input', () => void show(classifier));
  await show(classifier);
} catch (error) {
  answer.textContent = `${error.message}. ${error.hint ?? ''}`;
}
