// All texts of the page; those of a view are in a file of texts/en. Functions make texts with a number or a name in it.
import { count } from "@/logic/format";
import { benchmarkTexts } from "./en/benchmark";
import { dataTexts } from "./en/data";
import { filterTexts } from "./en/filter";
import { historyTexts } from "./en/history";
import { jobLogTexts, jobProgressTexts } from "./en/jobs";
import { modelsTexts, modelTexts, qualityTexts } from "./en/models";
import { operateTexts } from "./en/operate";
import { experimentTexts, registryTexts, retrainTexts } from "./en/registry";
import { review } from "./en/review";
import { startTexts } from "./en/start";
import { switchingTexts, tryTexts } from "./en/try";

export const t = {
  app: {
    name: "Winnow",
    skip: "Skip to the content",
    menu: "Menu",
    closeMenu: "Close the menu",
    navigation: "Views",
    offline: "The connection to the server is lost. What you see may be out of date; the page connects again by itself.",
    loading: "Loading",
    viewUnreachable: (why: string) => `This view is not loaded yet, and can't be loaded now. ${why}`,
    viewMissing: "The server doesn't have a file of this view. Its installation may be incomplete.",
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
    copy: "Copy",
    copied: "Copied.",
    copyCommand: "Copy the command",
    commandCopied: "The command is copied.",
    asTable: "Show as a table",
    working: "Working",
    page: (first: number, last: number, total: number | null) => `${count(first)}–${count(last)}${total === null ? "" : ` of ${count(total)}`}`,
    failed: "That didn't work",
    notCopied: "The browser doesn't let this page copy. Select the text and copy it yourself.",
    leaveTitle: "Leave without saving?",
    leaveText: "What you have written here is not saved, and will be lost.",
    leaveAction: "Leave",
    noOption: "No match",
  },
  keys: {
    title: "Keys",
    open: "Keys of this page",
    general: "Everywhere",
    letters: "Keys of one letter",
    lettersHint: "Turn this off if a speech program sends single letters to the page.",
    help: "Show the keys",
    goTo: (view: string) => `Go to ${view}`,
    then: "then",
  },
  needs: {
    workspaceTitle: "This server has no workspace",
    workspace: "Data, training and review need a directory where the server may write. Start the server with a workspace, then reload this page:",
    adminTitle: "This view is for administrators",
    admin: {
      public: "This view needs a key of the role admin.",
      classify: "Your key may classify texts, but not change models or data. Sign in with a key of the role admin.",
      feedback: "Your key may classify and label texts, but not change models or data. Sign in with a key of the role admin.",
      admin: "",
    },
    remoteTitle: "This page works on the server's own machine alone",
    remote: "The server has no API keys, so it lets no other machine change anything. Whoever runs it can make keys with 'winnow keys add', and then one can sign in from everywhere.",
    otherKey: "Sign in with another key",
  },
  signIn: {
    title: "Sign in",
    ended: "Your session has ended. Sign in again, and go on where you were.",
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
  start: startTexts,

  // Try
  try: tryTexts,
  switching: switchingTexts,

  // Models
  models: modelsTexts,
  model: modelTexts,
  quality: qualityTexts,
  registry: registryTexts,
  experiment: experimentTexts,
  retrain: retrainTexts,

  // Jobs
  job: {
    title: "Job",
    all: "All jobs",
    log: "Log of the job",
    created: (when: string) => `Requested ${when}`,
    kinds: { train: "Training", evaluate: "Evaluation", compare: "Comparison", doctor: "Check of data", retrain: "Retraining", quantize: "Quantization", drift: "Measurement of drift" },
    driftReport: "Show the report",
    owner: (name: string) => `By ${name}`,
    runs: (n: number) => `Started ${n} times`,
    missing: "There is no such job",
    missingText: "It may have been removed from the workspace.",
  },
  jobLog: jobLogTexts,
  jobProgress: jobProgressTexts,

  // Data
  data: dataTexts,

  // Benchmark
  benchmark: benchmarkTexts,

  // Review
  review,

  // History
  history: historyTexts,

  // Filter
  filter: filterTexts,

  // Operate
  operate: operateTexts,
};
