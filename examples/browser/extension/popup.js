const text = document.getElementById('text'), answer = document.getElementById('answer');

text.addEventListener('input', async () => {
  const {label, confidence, error} = await chrome.runtime.sendMessage({text: text.value});
  answer.textContent = error ?? `${label}, ${(100 * confidence).toFixed(1)} %`;
});
