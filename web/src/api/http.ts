// Requests to the server. Every part of the API has a file of its own beside this one.
import { plainWords } from "@/logic/plainWords";
import { learnServerTime } from "@/logic/serverClock";
import { root } from "./root";

/** What the server answered instead of a result: its own message, which says what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
    /** The whole answer, for routes that add fields. */
    readonly body: Readonly<Record<string, unknown>> = {},
    /** Seconds to wait before the next try, where the server says so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export type QueryValue = string | number | boolean | null | undefined;

export interface RequestOptions {
  query?: Record<string, QueryValue>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  raw?: Blob | ArrayBuffer;
  signal?: AbortSignal | undefined;
}

type Listener = () => void;
const unauthorized = new Set<Listener>();
let signedOut = false;
/** Counts the sign-ins. */
let sessions = 0;

/** While nobody is signed in, only the session is asked for: views that are kept meanwhile would be refused again and again. */
export function setSignedOut(now: boolean): void {
  signedOut = now;
}

/** To be called after each sign-in: that an earlier request is refused late does not mean that this session has ended, too. */
export function sessionBegan(): void {
  ++sessions;
}

/** Calls `listener` whenever the server wants a key. Returns what ends that. */
export function onUnauthorized(listener: Listener): () => void {
  unauthorized.add(listener);
  return () => unauthorized.delete(listener);
}

/** `path` with those parameters that have a value. */
export function withQuery(path: string, query: Record<string, QueryValue> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const parsed = parse(text);
  const body = parsed !== null && typeof parsed === "object" ? (parsed as Record<string, unknown>) : {};
  const message = typeof body.error === "string" ? body.error : `The server answered with status ${response.status}.`;
  const type = typeof body.error_type === "string" ? body.error_type : "Unknown";
  const wait = Number(response.headers.get("retry-after"));
  return new ApiError(response.status, type, message, body, Number.isFinite(wait) && wait > 0 ? wait : null);
}

/** What the server answers, whatever its status. Throws ApiError of status 0 where no server can be reached. */
export async function reach(path: string, query: Record<string, QueryValue> | undefined, init: RequestInit): Promise<Response> {
  try {
    return await fetch(root + withQuery(path, query), init);
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiError(0, "Unreachable", "The server can't be reached. Is it still running?");
  }
}

/** The answer as JSON; null where it has no body. Throws ApiError, also where the server can't be reached (status 0). */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  if (signedOut && path !== "/v1/session") throw new ApiError(401, "Unauthorized", "The session has ended. Sign in again.");
  const init: RequestInit = { method, credentials: "same-origin" };
  if (options.signal) init.signal = options.signal;
  if (options.raw !== undefined) {
    init.body = options.raw;
    init.headers = { "Content-Type": "application/octet-stream" };
  } else if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { "Content-Type": "application/json" };
  }
  const sent = Date.now();
  const session = sessions;
  const response = await reach(path, options.query, init);
  learnServerTime(response.headers.get("date"), sent);
  if (!response.ok) {
    const error = await errorOf(response);
    if (response.status === 401 && session === sessions) for (const listener of [...unauthorized]) listener();
    throw error;
  }
  if (response.status === 204) return null as T;
  const text = await response.text();
  if (text === "") return null as T;
  const parsed = parse(text);
  if (parsed === null) throw new ApiError(response.status, "Unknown", "The server's answer can't be read.");
  return parsed as T;
}

export const get = <T>(path: string, query?: Record<string, QueryValue>, signal?: AbortSignal): Promise<T> =>
  request<T>("GET", path, { query: query ?? {}, signal });

export const post = <T>(path: string, body: unknown = {}, query?: Record<string, QueryValue>, signal?: AbortSignal): Promise<T> =>
  request<T>("POST", path, { body, query: query ?? {}, signal });

export const put = <T>(path: string, body: unknown): Promise<T> => request<T>("PUT", path, { body });

export const remove = <T>(path: string): Promise<T> => request<T>("DELETE", path);

/** A part of a path: `segment("a/b")` is "a%2Fb". */
export const segment = (name: string): string => encodeURIComponent(name);

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The message of whatever was thrown, for people, in the words of the page. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? plainWords(error.message) : String(error);
}
