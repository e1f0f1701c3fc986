/** wasm/winnow.mjs, which calls the module of WebAssembly. */
declare module '*/winnow.mjs' {
  export interface WasmPrediction {
    label: string;
    score: number;
    confidence: number;
    abstained: boolean;
    outOfScope: boolean;
    labels: string[];
    scores: Array<{label: string; score: number}>;
  }
  export interface WasmModel {
    readonly labels: string[];
    classify(text: string, options: {mode: 'strict' | 'moderate' | 'lenient'; threshold?: number | undefined}): WasmPrediction;
    release(): void;
  }
  export interface WasmTokenizer {
    encode(text: string, options?: {maxLength?: number}): Int32Array;
    release(): void;
  }
  export function loadModel(module: WebAssembly.Module, files: Record<string, Uint8Array>): Promise<WasmModel>;
  export function loadTokenizer(module: WebAssembly.Module, files: Record<string, Uint8Array>): Promise<WasmTokenizer>;
}
