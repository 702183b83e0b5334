// `npm start`. Generates, compiles and serves in one process, so that a signal to npm reaches the server.
import { run } from './run.mjs';

await run('main');
