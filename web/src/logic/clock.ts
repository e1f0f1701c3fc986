// Times of day for axes and tables.

const minute = new Intl.DateTimeFormat("en-US", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Returns the time of day, such as "14:05", of milliseconds since 1970, in the time zone of the browser. */
export const timeOfDay = (time: number): string => minute.format(new Date(time));
