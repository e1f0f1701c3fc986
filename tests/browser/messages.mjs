// A server with a message filter and messages in its history, for the tests of History, Filter and Operate.
import { ask, eventually, exampleMessages, makeWorkspace, startServer } from "./support.mjs";

export const kMessages = [
  { text: "Congratulations! You've won a $1000 gift card. Click here to claim", sender: "prizes@lucky-draw.example", user: "anna" },
  { text: "Your parcel is waiting, pay the fee of 2 EUR at https://bit.ly/x", sender: "+447700900123", user: "anna" },
  { text: "Shall we meet at seven? I bring the cake", sender: "joe@friends.example", user: "anna" },
  { text: "The chemist rang, your new glasses can be picked up from Thursday", sender: "joe@friends.example", user: "bob" },
  { text: "مرحبا، هل نلتقي غدا في الساعة السابعة؟ 😀", sender: "layla@friends.example", user: "bob" },
  { text: `A story without an end. ${"And then the fox said hello to the hen. ".repeat(60)}`, sender: "story@friends.example", user: "carol" },
];

/** Checks a message as a mail server does. */
export async function check(server, message) {
  const { status, json } = await ask(server, "POST", "/v1/messages/check", message);
  if (status !== 200) throw new Error(JSON.stringify(json));
  return json;
}

/** The message of the history with this part in its text, as the server has it. */
export async function stored(server, text) {
  const { json } = await ask(server, "GET", `/v1/history?limit=1000&text=${encodeURIComponent(text)}`);
  return json.messages[0];
}

/** What administrators say about the message with this part in its text; null: nothing. */
export async function adminSays(server, text) {
  const message = await stored(server, text);
  return message.feedback.find((word) => word.by === "admin")?.label ?? null;
}

/** A server with a workspace, a linear model for spam, a filter and a store, and `messages` in its history. */
export async function startFilter({ messages = kMessages, args = [] } = {}) {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  const server = await startServer({ workspace, args });
  for (const message of messages) await check(server, message);
  // The history is written a moment after the verdict.
  const count = async () => (await ask(server, "GET", "/v1/history?limit=1000")).json.messages.length;
  await eventually(async () => (await count()) >= messages.length, () => "the history lacks messages");
  return server;
}
