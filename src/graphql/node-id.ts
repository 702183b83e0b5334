/** The `id` field of a type that implements Node. */
import { encodeGlobalId } from './global-id.js';

/** Resolved at once: Relay's plugin makes a promise of each id, and so of every object that has one. */
export const nodeId = <Row>(type: string, keyOf: (row: Row) => string) => ({
  description: 'Opaque, stable, globally unique ID.',
  resolve: (row: Row): string => encodeGlobalId(type, keyOf(row)),
});
