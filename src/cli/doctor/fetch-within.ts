interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * `fetch` with an end, its body too, and without following redirects. `AbortSignal.timeout` keeps no process alive, and where a
 * server closes the connection at once `fetch` waits without anything that does: the process would end in the middle, with code 13.
 */
export const fetchWithin = async (url: string, milliseconds: number, init: RequestInit = {}): Promise<Answer> => {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error(`no answer within ${milliseconds / 1000} s`)),
    milliseconds,
  );
  try {
    const response = await fetch(url, { redirect: 'manual', signal: controller.signal, ...init });
    const { status, headers } = response;
    return { status, headers, text: await response.text() };
  } finally {
    clearTimeout(timer);
  }
};
