/** The four arguments of every connection. What they say is checked where the page is read. */
import { builder } from './builder.js';

export const pageArgs = builder.args((t) => ({
  first: t.int({
    required: false,
    description: 'The first so many: 0 to 100. Without `first` and `last`: 50. Not both.',
  }),
  after: t.string({ required: false, description: 'Only those after the edge with this `cursor`.' }),
  last: t.int({ required: false, description: 'The last so many: 0 to 100.' }),
  before: t.string({ required: false, description: 'Only those before the edge with this `cursor`.' }),
}));
