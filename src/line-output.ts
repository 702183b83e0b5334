/**
 * Writes lines to standard output or standard error, whatever is behind it. Writing never fails and never blocks. Lines that the
 * sink does not accept (a pipe that nobody reads, a full volume) are buffered up to a limit; beyond it they are dropped and counted.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';

export interface LineOutput {
  /** @param isLast whether it is the process's last line, which is buffered even beyond the limit */
  write(text: string, isLast?: boolean): void;
  /** Writes the buffer to the sink, as far as it accepts it in time. Blocks the process: only for its end. */
  flush(withinMs: number): void;
  /** Lines dropped so far. */
  dropped(): number;
  /** Sets how a gap is reported once there is room again. Unless set, gaps are not reported. */
  onGap(tell: (lines: number) => void): void;
}

/** About four thousand log lines. */
const MAX_KEPT_BYTES = 1024 * 1024;
const RETRY_MS = 25;
const LAST_WITHIN_MS = 500;

export const createLineOutput = (fd: number, mostBytes = MAX_KEPT_BYTES): LineOutput => {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let dropped = 0;
  let untold = 0;
  let isTelling = false;
  let timer: NodeJS.Timeout | undefined;
  let tell: ((lines: number) => void) | undefined;

  const keep = (text: string) => {
    const bytes = Buffer.from(text);
    kept.push(bytes);
    keptBytes += bytes.length;
  };

  /** @returns whether everything is written */
  const writeKept = (): boolean => {
    let done = 0;
    try {
      for (; done < kept.length; done += 1) {
        const bytes = kept[done]!;
        const written = writeSync(fd, bytes);
        keptBytes -= written;
        // The rest of the line goes first once there is room, so that no line is torn.
        if (written < bytes.length) {
          kept[done] = bytes.subarray(written);
          break;
        }
      }
    } catch {
      // Full, closed or broken: it may recover, and logging must not stop the node.
    }
    kept = done === 0 ? kept : kept.slice(done);
    return kept.length === 0;
  };

  const tellGap = () => {
    const lines = untold;
    untold = 0;
    if (lines === 0) return;
    // This one line may exceed the limit.
    isTelling = true;
    tell?.(lines);
    isTelling = false;
  };

  const goOn = () => {
    timer = undefined;
    if (writeKept()) tellGap();
    if (kept.length > 0) timer ??= setTimeout(goOn, RETRY_MS).unref();
  };

  return {
    write: (text, isLast = false) => {
      const isFull = keptBytes + Buffer.byteLength(text) > mostBytes;
      if (isLast) tellGap();
      // After dropped lines, drop even lines that fit until the gap has been reported.
      else if (!isTelling && (untold > 0 || isFull)) {
        dropped += 1;
        untold += 1;
        return;
      }
      const isFirst = kept.length === 0;
      keep(text);
      if (isFirst) goOn();
    },

    flush: (withinMs) => {
      clearTimeout(timer);
      const deadline = performance.now() + withinMs;
      while (!writeKept() && performance.now() < deadline) sleep(RETRY_MS);
      tellGap();
      writeKept();
    },

    dropped: () => dropped,
    onGap: (how) => (tell = how),
  };
};

const sleep = (milliseconds: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/**
 * Opens our own descriptor for the same pipe or terminal, which answers EAGAIN instead of blocking. The standard streams' own
 * descriptor is shared, so any other process that holds it, such as a child, may make it block.
 */
const withoutWaiting = ({ fd }: Standard): number => {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    // Writes to a file do not block, and a file opened again would be overwritten from its beginning.
    return fstatSync(fd).isFile() ? fd : openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, another user's pipe, a pipe without a reader, or another system: Node has already made it non-blocking.
    return fd;
  }
};

type Standard = NodeJS.WriteStream & { fd: 1 | 2 };

const create = (stream: Standard): LineOutput => {
  // Node and libraries write to it directly: without a listener, an error event would end the process.
  stream.on('error', () => undefined);
  const output = createLineOutput(withoutWaiting(stream));
  process.once('exit', () => output.flush(LAST_WITHIN_MS));
  return output;
};

let out: LineOutput | undefined;
let err: LineOutput | undefined;

/** Standard output; one for the whole process, so that lines keep their order. */
export const standardOutput = (): LineOutput => (out ??= create(process.stdout));
export const standardError = (): LineOutput => (err ??= create(process.stderr));
