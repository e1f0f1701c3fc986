// Uploads that are under way. They go on while one looks at other views, and end with the page.
import { reactive, readonly } from "vue";
import { listData, uploadData } from "@/api/data";
import { ApiError, isAborted, messageOf } from "@/api/http";
import { freeName, safeName, wrongKind } from "@/logic/fileKind";
import { t } from "@/texts/en";

export interface Upload {
  id: number;
  /** What the file is called on this computer, and in the workspace ("" until it is chosen). */
  original: string;
  name: string;
  sent: number;
  total: number;
  state: "sending" | "done" | "failed" | "cancelled";
  message: string;
  /** Whether another try may help. */
  again: boolean;
}

const uploads = reactive<Upload[]>([]);
const files = new Map<number, { file: File; controller: AbortController }>();
let last = 0;

/** The browser asks before a page is closed that an upload ends with. */
function beforeUnload(event: BeforeUnloadEvent): void {
  if (uploads.some((upload) => upload.state === "sending")) event.preventDefault();
}

/** Chooses a name that neither the workspace nor another upload has. The list that a view shows may be old, or not have come yet. */
async function chooseName(upload: Upload, wanted: string, signal: AbortSignal): Promise<void> {
  const { files: known } = await listData(signal);
  const others = uploads.filter((each) => each.id !== upload.id && each.state === "sending");
  upload.name = freeName(wanted, new Set([...known, ...others].map((each) => each.name)));
}

const kMostNames = 4;

/** Whether a file of the name has come meanwhile: from another computer, or from an upload of this page that ended while the list was on its way. */
const isTaken = (error: unknown): boolean => error instanceof ApiError && error.status === 409 && error.body.offset === undefined;

/** Sends a file under a name that is free until the file is there. */
async function sendUnderFreeName(upload: Upload, file: File, wanted: string, signal: AbortSignal): Promise<void> {
  for (let names = 1; ; ++names) {
    await chooseName(upload, wanted, signal);
    try {
      await uploadData(file, { name: upload.name, signal, progress: (sent) => (upload.sent = sent) });
      return;
    } catch (error) {
      if (!isTaken(error) || names === kMostNames) throw error;
      upload.sent = 0;
    }
  }
}

async function send(upload: Upload): Promise<void> {
  const known = files.get(upload.id);
  if (!known) return;
  const { signal } = known.controller;
  Object.assign(upload, { state: "sending", message: "", again: false });
  addEventListener("beforeunload", beforeUnload); // the same function is registered once
  try {
    const wanted = safeName(upload.original);
    await sendUnderFreeName(upload, known.file, wanted, signal);
    upload.state = "done";
    if (upload.name !== wanted) upload.message = t.data.renamed(wanted, upload.name);
    files.delete(upload.id);
  } catch (error) {
    upload.state = isAborted(error) ? "cancelled" : "failed";
    upload.message = isAborted(error) ? t.data.cancelled : messageOf(error);
    upload.again = !isAborted(error);
  }
}

async function add(file: File): Promise<Upload> {
  uploads.push({ id: ++last, original: file.name, name: "", sent: 0, total: file.size, state: "sending", message: "", again: false });
  const upload = uploads[uploads.length - 1]!; // the reactive one
  files.set(upload.id, { file, controller: new AbortController() });
  try {
    const wrong = wrongKind(new Uint8Array(await file.slice(0, 4096).arrayBuffer()), file.name);
    if (wrong) {
      Object.assign(upload, { state: "failed", message: t.data.wrong(wrong) });
      return upload;
    }
  } catch (error) {
    // A folder, or a file that is gone.
    Object.assign(upload, { state: "failed", message: messageOf(error) });
    return upload;
  }
  await send(upload);
  return upload;
}

function dismiss(id: number): void {
  const place = uploads.findIndex((each) => each.id === id);
  if (place >= 0) uploads.splice(place, 1);
  files.delete(id);
}

export function useUploads() {
  return {
    uploads: readonly(uploads),
    /** Sends a file under a name that is not taken yet, and resolves when that has ended, well or not. */
    add,
    cancel: (id: number) => files.get(id)?.controller.abort(),
    retry: (id: number) => {
      const upload = uploads.find((each) => each.id === id);
      const known = files.get(id);
      if (!upload || !known) return Promise.resolve();
      known.controller = new AbortController();
      return send(upload);
    },
    dismiss,
  };
}
