import {Classifier} from 'winnow/browser';

// A service worker is ended when it is idle, so that the model is loaded again when it is asked; it has no workers of its own.
const load = () => Classifier.load(chrome.runtime.getURL('model/'), {worker: false});

async function classify(text) {
  try {
    const {label, confidence, all} = await (await load()).classify(text);
    return {label, confidence, all};
  } catch (error) {
    return {error: `${error.message}. ${error.hint ?? ''}`};
  }
}

chrome.runtime.onInstalled.addListener(() => chrome.contextMenus.create({id: 'classify', title: 'Is this spam?', contexts: ['selection']}));

chrome.contextMenus.onClicked.addListener(async ({selectionText}, tab) => {
  const found = await classify(selectionText ?? '');
  await chrome.scripting.executeScript({target: {tabId: tab.id}, files: ['content.js']});
  await chrome.tabs.sendMessage(tab.id, found);
});

chrome.runtime.onMessage.addListener(({text}, sender, reply) => {
  void classify(text).then(reply);
  return true;  // the answer comes later
});
