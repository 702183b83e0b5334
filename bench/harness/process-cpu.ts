/** The CPU time of a process and its children, as the kernel accounts for it (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** @returns µs of user and system time since each of its threads started */
export const cpuOf = (pid: number): number => [pid, ...childrenOf(pid)].reduce((sum, one) => sum + threadsOf(one), 0);

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
