// What the view Try keeps in its address. The texts stand behind the '#', which browsers don't send to servers: texts may
// be private, and addresses end up in logs.

const kLongest = 8_000;

export const textOfHash = (hash: string): string => {
  if (!hash.startsWith("#")) return "";
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return ""; // no text that this page wrote
  }
};

/** Longer texts don't fit into an address, and are not kept. */
export const hashOfText = (text: string): string => (text === "" || text.length > kLongest ? "" : `#${encodeURIComponent(text)}`);
