import { expect, it } from 'vitest';
import { deliveringFiles } from './code.js';

it('the code that a row of kills is about is what a message passes, with what that imports', () => {
  const files = deliveringFiles();

  // Of what it names, and of what that imports.
  for (const file of [
    'src/log/tail.ts',
    'src/domain/streams/chat-stream.ts',
    'src/domain/streams/viewer-stream.ts',
    'src/domain/streams/outbox.ts',
  ]) {
    expect(files).toContain(file);
  }
  for (const file of ['src/server/live-results.ts', 'src/graphql/message.ts', 'packages/client/src/follow.ts']) {
    expect(files).toContain(file);
  }
  // Neither imported, nor more than a type.
  for (const file of ['src/cli/migrate.ts', 'src/domain/accounts/sessions.ts', 'src/metrics/exposition.ts']) {
    expect(files).not.toContain(file);
  }
});
