// Asking models for their verdicts.
import { classify, type Explanation, type Mode, type Prediction } from "@/api/classify";
import { ApiError } from "@/api/http";

export interface Trial {
  results: Prediction[];
  /** Milliseconds that the server took for the request, with the way there and back. */
  milliseconds: number;
  /** The model has no positive label, so that it knows no modes. */
  withoutMode: boolean;
}

const kTextsPerRequest = 64;

async function ask(texts: string[], model: string, mode: Mode, signal: AbortSignal): Promise<{ results: Prediction[]; withoutMode: boolean }> {
  try {
    const answer = await classify({ texts, model, mode }, signal);
    return { results: answer.results, withoutMode: answer.results.every((result) => result.threshold === undefined) };
  } catch (error) {
    if (mode === "moderate" || !(error instanceof ApiError) || error.status !== 422) throw error;
    // Strict and lenient are refused by models without a positive label.
    const answer = await classify({ texts, model }, signal);
    return { results: answer.results, withoutMode: true };
  }
}

/** Classifies texts, as many requests as it takes. `done` hears how many texts have results. */
export async function tryTexts(texts: string[], model: string, mode: Mode, signal: AbortSignal, done?: (count: number) => void): Promise<Trial> {
  const trial: Trial = { results: [], milliseconds: 0, withoutMode: false };
  for (let begin = 0; begin < texts.length; begin += kTextsPerRequest) {
    const began = performance.now();
    const answer = await ask(texts.slice(begin, begin + kTextsPerRequest), model, trial.withoutMode ? "moderate" : mode, signal);
    trial.milliseconds += performance.now() - began;
    trial.results.push(...answer.results);
    trial.withoutMode = answer.withoutMode;
    done?.(trial.results.length);
  }
  return trial;
}

/** Longer texts are not explained: a transformer would be asked once for each of their words. */
export const kLongestExplained = 20_000;

/** The effects of the words, which take longer than the verdict; null where there are none to be had. */
export async function explain(text: string, model: string, signal: AbortSignal): Promise<Explanation | null> {
  if (text.length > kLongestExplained) return null;
  try {
    const answer = await classify({ texts: [text], model, explain: true }, signal);
    return answer.results[0]?.explanation ?? null;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 422 || error.status === 413)) return null;
    throw error;
  }
}
