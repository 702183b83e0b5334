/** Asks a node who one is, by a credential shown in each of the ways there are. */
import { ViewerDocument, type ViewerQuery } from './generated/operations.js';
import { post } from './http.js';
import type { Answer } from './live.js';
import type { TestNode } from './node.js';
import { openSocket, type Close } from './socket.js';
import { openEvents } from './sse.js';

/** `ws`: in `connectionParams`; `upgrade`: in the header of the upgrade request. */
export const ways = ['http', 'sse', 'ws', 'upgrade'] as const;
export type Way = (typeof ways)[number];

/** @returns the answer, or how the socket was closed */
export const whoAmI = async (
  node: TestNode,
  way: Way,
  authorization: string,
): Promise<Answer<ViewerQuery> & { closed?: Close; status?: number }> => {
  const headers = { Authorization: authorization };
  if (way === 'http') return post(node.endpoint, ViewerDocument, {}, { headers });
  if (way === 'sse') return (await openEvents(node.endpoint, ViewerDocument, {}, { headers })).next();
  const shown = way === 'ws' ? { connectionParams: { authorization } } : { headers };
  const socket = await openSocket(node.socketUrl, shown);
  if (socket.socket.readyState !== socket.socket.OPEN) return { closed: await socket.closed };
  const answer = await socket.ask(ViewerDocument);
  await socket.close();
  return answer;
};

/** The code of what refused it: of the closed socket, or of the error. */
export const refusalOf = async (node: TestNode, way: Way, authorization: string): Promise<unknown> => {
  const { closed, errors } = await whoAmI(node, way, authorization);
  return closed?.code ?? errors?.[0]?.extensions?.code;
};
