/** Where a client goes: one node, by the proxy before it. */
export interface Place {
  readonly node: string;
  readonly endpoint: string;
  readonly socketUrl: string;
}

export const placeAt = (node: string, port: number): Place => ({
  node,
  endpoint: `http://127.0.0.1:${port}/graphql`,
  socketUrl: `ws://127.0.0.1:${port}/graphql`,
});
