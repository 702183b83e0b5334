/**
 * For Node, where an embedded database lives for seconds: V8's optimizing compiler of WebAssembly would take more of the
 * processor than its code saves.
 */
export const NODE_ARGS = ['--liftoff-only'];
