// All texts of the page. A view has a block of its own; functions make texts with a number or a name in it.

import { filterTexts } from "./filter";
import { historyTexts } from "./history";
import { operateTexts } from "./operate";

export const t = {
  app: {
    name: "Winnow",
    skip: "Skip to the content",
    menu: "Menu",
    closeMenu: "Close the menu",
    navigation: "Views",
    offline: "The connection to the server is lost. What you see may be out of date; the page connects again by itself.",
    loading: "Loading",
    signOut: "Sign out",
    signedInAs: (name: string) => `Signed in as ${name}`,
    version: (version: string) => `Version ${version}`,
    apiDocs: "API reference",
  },
  theme: { label: "Colors", system: "As the system", light: "Light", dark: "Dark" },
  nav: {
    start: "Start",
    try: "Try",
    data: "Data",
    benchmark: "Benchmark",
    review: "Review",
    history: "History",
    filter: "Filter",
    models: "Models",
    operate: "Operate",
    groups: { build: "Build a model", mail: "Mail", server: "Server" },
  },
  common: {
    cancel: "Cancel",
    close: "Close",
    undo: "Undo",
    undone: "Undone.",
    retry: "Try again",
    remove: "Remove",
    save: "Save",
    more: "Show more",
    back: "Back",
    next: "Next page",
    previous: "Previous page",
    nothing: "Nothing was found.",
    search: "Search",
    help: "Help",
    copy: "Copy",
    copied: "Copied.",
    asTable: "Show as a table",
    working: "Working",
    page: (first: number, last: number, total: number | null) => (total === null ? `${first}–${last}` : `${first}–${last} of ${total}`),
    failed: "That didn't work",
    noOption: "No match",
  },
  keys: {
    title: "Keys",
    open: "Keys of this page",
    general: "Everywhere",
    help: "Show the keys",
    goTo: (view: string) => `Go to ${view}`,
    then: "then",
  },
  needs: {
    workspaceTitle: "This server has no workspace",
    workspace: "Data, training and review need a directory where the server may write. Start the server with a workspace, then reload this page:",
    adminTitle: "This view is for administrators",
    admin: "Your key may classify texts, but not change models or data. Sign in with a key of the role admin.",
    storeTitle: "This server keeps no history",
    otherKey: "Sign in with another key",
  },
  signIn: {
    title: "Sign in",
    text: "This server is protected. Enter your API key; you stay signed in on this browser for 30 days.",
    key: "API key",
    show: "Show the key",
    hide: "Hide the key",
    action: "Sign in",
    wrong: "This key is not valid. Check that it was copied completely.",
    hint: "Whoever runs the server can make a key with",
  },
  missing: { title: "Page not found", text: "There is no view at this address.", action: "Go to Start" },
  files: {
    drop: "Drop a file here",
    or: "or",
    choose: "Choose a file",
    hint: "CSV, TSV or JSON lines, with one text per row and its label.",
  },
  scores: { label: "Probabilities of the labels" },
  chart: { loading: "The chart is being drawn", table: "The chart's values" },

  // Start
  start: {
    title: "Start",
    lead: "From a file of examples to your own text classifier, in three steps.",
  },

  // Try
  try: {
    title: "Try",
    lead: "Type or paste a text and see what your models make of it.",
    amount: "How many texts",
    one: "One text",
    many: "Many texts",
    textLabel: "Text",
    textsLabel: "Texts, one per line",
    text: "Text",
    hint: "The answer follows as you type. The text is stored nowhere.",
    placeholder: "You won a prize, claim it now",
    lineCount: (n: number) => (n === 1 ? "1 text" : `${n.toLocaleString("en-US")} texts`),
    model: "Which model answers",
    defaultModel: (name: string) => `The default: ${name}`,
    noDefault: "The first model",
    allModels: (n: number) => `All ${n} models side by side`,
    oneModel: "One model",
    failedModel: (name: string) => `${name} (can't be loaded)`,
    unknownModel: (name: string) => `There is no model ${name} any more; another one answers.`,
    mode: "How strict",
    modes: { strict: "Strict", moderate: "Moderate", lenient: "Lenient" },
    modeText: {
      strict: "Strict catches the most, and is wrong the most often about what is harmless.",
      moderate: "Moderate weighs both kinds of mistakes alike.",
      lenient: "Lenient raises the fewest false alarms, and lets the most through.",
    },
    examples: "Or start with one of these",
    exampleTexts: [
      "You won a prize, claim it now at win-big.example",
      "Shall we meet at six?",
      "Your parcel is waiting, pay the fee to have it delivered",
      "The minutes of yesterday's meeting are attached",
    ],
    isDefault: "Default",
    sure: (share: string) => `${share} sure`,
    none: "No label",
    unsure: "Unsure",
    unsureText: (label: string, share: string) =>
      `Too uncertain to act on: the model leans to ${label} (${share}). A person should decide.`,
    outOfScope: "Out of scope",
    outOfScopeText: (label: string) => `Unlike everything that the model was trained on. The nearest label would be ${label}.`,
    moreLabels: (n: number) => (n === 1 ? "1 more label is less probable." : `${n} more labels are less probable.`),
    explaining: "Looking which words matter",
    speakFor: (label: string) => `For ${label}:`,
    speakAgainst: (label: string) => `Against ${label}:`,
    unread: (n: number) => `The text is longer than the model reads: the last ${n} words had no effect.`,
    cut: "(the rest of the text is not shown)",
    took: (time: string) => `Answered in ${time}`,
    tookEach: (time: string) => `${time} per text`,
    threshold: (share: string) => `Decided from ${share}`,
    withoutMode: "This model has no strict or lenient mode",
    results: "Verdicts",
    allDone: (n: string) => `${n} texts are classified.`,
    doing: (done: string, total: string) => `${done} of ${total} texts`,
    differ: (n: number, total: number) => (n === 0 ? "The models agree about all texts." : `The models disagree about ${n} of ${total} texts.`),
    emptyTitle: "There is no model yet",
    emptyText: "Train one on your own examples, or on a sample; that takes a minute.",
    emptyNoWorkspace: "Start the server with the directory of a model, or with a workspace to train one here.",
    emptyAction: "Train a model",
  },

  switching: {
    button: (name: string) => `Let ${name} answer for everybody`,
    hint: "Now only you see its answers, here.",
    title: (name: string) => `Let ${name} answer for everybody?`,
    text: (to: string, from: string | null) =>
      `From now on ${to} decides about every text that programs and mail servers send here without naming a model${from && from !== to ? `, in place of ${from}` : ""}. No request is lost while it changes. You can switch back at any time.`,
    action: (name: string) => `Switch to ${name}`,
    done: (name: string) => `${name} answers for everybody now.`,
  },

  // Models
  models: { title: "Models" },

  // Jobs
  job: { title: "Job" },

  // Data
  data: { title: "Data" },

  // Benchmark
  benchmark: { title: "Benchmark" },

  // Review
  review: { title: "Review" },

  // History
  history: historyTexts,

  // Filter
  filter: filterTexts,

  // Operate
  operate: operateTexts,
};
