/** The four arguments of every connection, validated when the page is read. */
import { builder } from './builder.js';

export const pageArgs = builder.args((t) => ({
  first: t.int({
    required: false,
    description: 'How many items from the start (0 to 100). Without `first` and `last`: 50. Do not give both.',
  }),
  after: t.string({ required: false, description: 'Only items after the edge with this `cursor`.' }),
  last: t.int({ required: false, description: 'How many items from the end (0 to 100).' }),
  before: t.string({ required: false, description: 'Only items before the edge with this `cursor`.' }),
}));
