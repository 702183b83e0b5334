/** The Range header (RFC 9110): one range of bytes. */

export interface AskedRange {
  /** Inclusive. */
  first: number;
  last: number;
}

/**
 * @returns undefined for the whole: without a range, with several, and with one that is malformed; null if it lies beyond the end
 */
export const readRange = (header: string | undefined, size: number): AskedRange | null | undefined => {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return Number(last) === 0 ? null : { first: Math.max(size - Number(last), 0), last: size - 1 };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) return null;
  return { first: Number(first), last: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
};
