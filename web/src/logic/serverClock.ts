// The server's clock: how long ago something was is computed by the clock that the times of the API are of.

let difference = 0; // what the server's clock is ahead of this computer's, in milliseconds

/** Learns from the header Date of an answer, which has whole seconds, between the sending of its request and its arrival. Clocks that may be equal count as equal. */
export function learnServerTime(date: string | null, sent: number, arrived = Date.now()): void {
  const time = Date.parse(date ?? "");
  if (Number.isNaN(time)) return;
  const least = time - arrived;
  const most = time + 1000 - sent;
  difference = least <= 0 && most >= 0 ? 0 : Math.round((least + most) / 2);
}

/** Returns the present time by the server's clock, in milliseconds since 1970. */
export const serverNow = (): number => Date.now() + difference;
