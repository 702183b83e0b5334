interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * `fetch` with a timeout that covers the body, and without following redirects. `AbortSignal.timeout` does not keep the process
 * alive. If a server closes the connection at once, `fetch` does not either, and the process would exit early with code 13.
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
