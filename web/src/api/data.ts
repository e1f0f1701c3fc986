// Data files of the workspace.
import { ApiError, get, post, remove, request, segment } from "./http";

export interface DataFile {
  name: string;
  bytes: number;
  modified: string;
  undo: boolean;
  /** Changes with the contents. */
  version: string;
}

/** How a file is read; what is left out is guessed by the server. */
export interface ReadingOptions {
  format?: string;
  delimiter?: string;
  quoting?: string;
  header?: boolean;
  encoding?: string;
  "text-field"?: string;
  "label-field"?: string;
}

export interface Preview {
  options: {
    format: string;
    delimiter?: string | null;
    quoting?: string | null;
    header?: boolean | null;
    encoding: string;
    text_field?: string | null;
    label_field?: string | null;
  };
  columns: string[];
  cells: (string | null)[][];
  examples: { text: string; label: string | null }[];
  notes: string[];
  problems: { row: number; message: string }[];
  error: string | null;
}

export interface Summary {
  texts: number;
  labels: { label: string; count: number }[];
  unlabelled: number;
  empty: number;
  duplicates: number;
  length: { p50: number; p95: number; max: number };
  warnings: string[];
}

export interface Sample {
  name: string;
  title: string;
  texts: number;
  labels: string[];
}

const path = (name: string): string => `/v1/data/${segment(name)}`;

export const listData = (signal?: AbortSignal): Promise<{ files: DataFile[] }> => get("/v1/data", {}, signal);
export const removeData = (name: string): Promise<unknown> => remove(path(name));
export const restoreData = (name: string): Promise<unknown> => post(`${path(name)}/restore`);
export const previewData = (name: string, options: ReadingOptions = {}, limit = 50, signal?: AbortSignal): Promise<Preview> =>
  get(`${path(name)}/preview`, { ...options, limit }, signal);
export const summarizeData = (name: string, options: ReadingOptions = {}, signal?: AbortSignal): Promise<Summary> =>
  get(`${path(name)}/summary`, { ...options }, signal);
export const listSamples = (): Promise<{ samples: Sample[] }> => get("/v1/data/samples");
export const addSample = (name: string): Promise<{ name: string }> => post("/v1/data/samples", { name });

const kPieceBytes = 4 * 1024 * 1024;

export interface UploadOptions {
  name?: string;
  replace?: boolean;
  signal?: AbortSignal;
  progress?: (sent: number, total: number) => void;
}

/** Sends a file in pieces. An upload that was cut off goes on where the server says that it stands. */
export async function uploadData(file: File, options: UploadOptions = {}): Promise<{ name: string; bytes: number }> {
  const name = options.name ?? file.name;
  let offset = 0;
  let corrections = 0;
  for (;;) {
    const end = Math.min(offset + kPieceBytes, file.size);
    const final = end === file.size;
    try {
      const answer = await request<{ name: string; bytes: number }>("PUT", path(name), {
        query: { offset, final, replace: options.replace ? true : undefined },
        raw: await file.slice(offset, end).arrayBuffer(),
        signal: options.signal,
      });
      offset = end;
      options.progress?.(offset, file.size);
      if (final) return answer;
    } catch (error) {
      const stands = error instanceof ApiError && error.status === 409 ? error.body.offset : undefined;
      if (typeof stands !== "number" || stands > file.size || ++corrections > 3) throw error;
      offset = stands;
    }
  }
}
