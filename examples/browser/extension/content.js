// Shows an answer in a corner of the page for a while.
if (!globalThis.winnowListens) {
  globalThis.winnowListens = true;
  chrome.runtime.onMessage.addListener(({label, confidence, error}) => {
    const note = document.createElement('div');
    note.textContent = error ?? `${label}, ${(100 * confidence).toFixed(1)} %`;
    note.setAttribute('role', 'status');
    Object.assign(note.style, {position: 'fixed', right: '1rem', bottom: '1rem', zIndex: 2147483647, padding: '.75rem 1rem', background: '#222',
                               color: '#fff', font: '16px system-ui, sans-serif', borderRadius: '6px'});
    document.body.append(note);
    setTimeout(() => note.remove(), 6000);
  });
}
