/** The CPU time of a process and its children, as the kernel accounts for it (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** @returns µs of user and system time since it started, those of children that have ended included */
export const cpuOf = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, one) => sum + threadsOf(one) + endedChildrenOf(one), 0);

/** @returns resident memory in bytes */
export const residentBytesOf = (pid: number): number => {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
};

// In ns; /proc/PID/stat has the same time in units of 10 ms.
const threadsOf = (pid: number): number => {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce(
      (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1000,
      0,
    );
  } catch {
    return 0; // it has just ended
  }
};

const TICK_US = 10_000;

const endedChildrenOf = (pid: number): number => {
  try {
    // The second field, the name, may have spaces in it; cutime and cstime are the 16th and 17th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) * TICK_US;
  } catch {
    return 0;
  }
};

const childrenOf = (pid: number): number[] => {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
    return children.flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    return [];
  }
};
