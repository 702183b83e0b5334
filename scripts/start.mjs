// `npm start`. Generates, compiles and serves in one process, so that a signal to npm reaches the server: npm signals the
// shell that runs the script, and Debian's would end without telling Node. Hence "exec" in package.json, which puts Node in
// the shell's place; what follows it is for Windows, which has no exec.
import { run } from './run.mjs';

await run('main');
