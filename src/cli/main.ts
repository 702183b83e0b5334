/** `parley`: one file for each command, loaded on demand to keep `--help` fast. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { asFailure } from '../failure.js';
import { readVersion } from '../version.js';
import { CommandError } from './command-error.js';

const main = async (args: readonly string[]): Promise<number | undefined> => {
  const program = createProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    // Commander has already printed the message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const { line, exitCode } =
      error instanceof CommandError ? { line: error.message, exitCode: error.exitCode } : asFailure(error);
    process.stderr.write(`parley: ${line}\n`);
    return exitCode;
  }
};

/** A closed pipe must not abort a copy halfway, but a full disk must not look like success. */
const bearBrokenOutput = () => {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || process.exitCode !== undefined) return;
    process.exitCode = exitCodes.unexpected;
    process.stderr.write(`parley: Cannot write to standard output: ${error.message}\n`);
  });
};

const createProgram = (): Command => {
  const program = new Command('parley')
    .description('A self-hosted chat backend.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or the help of a command')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${asOneLine(text)}\n`) })
    .addHelpText('after', footer);

  program
    .command('serve')
    .description('run the server, as `npm start` does')
    .addHelpText('after', '\nIt takes no options: settings come from the environment. `parley settings` lists them.')
    .action(async () => (await import('../serve.js')).serve());

  program
    .command('settings')
    .description('print every setting: its purpose, its default and its values')
    .action(async () => {
      const { settingsHelp } = await import('../settings-text.js');
      process.stdout.write(`${settingsHelp()}\n`);
    });

  program
    .command('migrate')
    .description("migrate the database to this version's schema")
    .option('--status', 'only print applied and pending migrations (exit code 65 unless all are applied)')
    .action(async (options: { status?: true }) => (await import('./migrate.js')).migrateDatabase(options));

  program
    .command('doctor')
    .description('check settings, database, Redis, machine and proxies, and say what to fix; changes nothing')
    .option('--url <url>', 'the URL that clients use, to check the proxies in front', httpUrl)
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', doctorNotes)
    .action(async (options: { url?: URL; json?: true }) => {
      process.exitCode = await (await import('./doctor/main.js')).doctor(options);
    });

  program
    .command('create-admin')
    .description('create an administrator, or promote the user of that name, who keeps password and e-mail')
    .requiredOption('--username <name>', '3 to 32 letters, digits, ".", "_" or "-"')
    .requiredOption('--email <address>', 'their e-mail address')
    .option('--password <password>', 'visible to others in the process list; better leave it out')
    .addHelpText(
      'after',
      '\nWithout --password it prompts on a terminal; without a terminal it generates a password and prints it.',
    )
    .action(async (options: { username: string; email: string; password?: string }) =>
      (await import('./create-admin.js')).createAdmin(options),
    );

  program
    .command('set-password')
    .description("set a user's password and end their sessions")
    .requiredOption('--username <name>', 'the user')
    .option('--generate', 'do not prompt: generate a password and print it')
    .addHelpText('after', '\nIt prompts on a terminal; without a terminal it generates a password and prints it.')
    .action(async (options: { username: string; generate?: true }) =>
      (await import('./set-password.js')).setPassword(options),
    );

  program
    .command('copy')
    .description('copy the embedded database into an empty PostgreSQL, and files into another store')
    .option('--to <url>', 'the target: postgresql://user:password@host/database')
    .option('--files-to <url>', 'where to copy the files to, as in FILES_URL: s3://… or file:///…')
    .option('--print-secret', 'print the TOKEN_SECRET to continue with instead of the path of its file')
    .addHelpText('after', copyNotes)
    .action(async (options: { to?: string; filesTo?: string; printSecret?: true }) =>
      (await import('./copy/main.js')).copy(options),
    );

  program
    .command('import')
    .description('import users, chats and messages of another system from a file of JSON lines')
    .argument('<file>', 'one object a line, as described in docs/importing.md; - for standard input')
    .option('--dry-run', 'only check the file, and say what would be added')
    .option('--adopt', 'match users of the file with existing ones of the same username and e-mail')
    .addHelpText('after', importNotes)
    .action(async (file: string, options: { dryRun?: true; adopt?: true }) =>
      (await import('./import/main.js')).importFile(file, options),
    );

  program
    .command('demo')
    .description('fill the database with generated users and chats; the same seed generates the same ones')
    .option('--users <count>', 'number of users', wholeNumber(1, 1_000_000), 100)
    .option('--chats <count>', 'number of chats, about half of them direct chats', wholeNumber(1, 1_000_000), 100)
    .option('--messages <count>', 'number of messages in total', wholeNumber(0, 10_000_000), 10_000)
    .option('--seed <number>', 'seed of the generator', wholeNumber(0, 2 ** 31 - 1), 1)
    .addHelpText('after', '\nIt only adds: existing data stays as it is. Timestamps count back from now.')
    .action(async (options: { users: number; chats: number; messages: number; seed: number }) =>
      (await import('./demo.js')).demo(options),
    );

  program
    .command('chat')
    .description('chat in this terminal, over the public API')
    .requiredOption('--as <username>', 'the user to sign in as; it prompts for the password')
    .option('--url <url>', 'the URL of the server', 'http://127.0.0.1:4000')
    .option('--chat <name>', 'the chat to open: its name, its slug, or its members')
    .action(async (options: { as: string; url: string; chat?: string }) => {
      const { chat } = await import('./chat/main.js');
      process.exit(await chat(options));
    });

  return program;
};

const footer = `
Settings come from the environment and from a file .env in the working directory. Without
DATABASE_URL the database is embedded, in the folder DATA_DIR (./data): one process at a time.

Exit codes: 0 done, 1 anything unexpected, 2 the doctor has warnings, 64 command line, 65 state of
the database or bad lines in a file, 66 file unreadable, 69 no database or file store, 71 address in
use or too few open files, 73 data folder unusable, 75 data folder in use, 77 sign-in refused,
78 settings.`;

const copyNotes = `
The source is the embedded database in DATA_DIR, whatever DATABASE_URL says; stop its server first.
The source is not changed. IDs, cursors and sessions stay valid. On failure PostgreSQL stays empty.

--files-to copies the files of messages and the pictures of people from where FILES_URL says (DATA_DIR
by default), first; what is there already stays, so it goes on where it was interrupted. Without
--to it copies those of the configured database, also while servers run: change FILES_URL then, and
do it once more for what came meanwhile.`;

const importNotes = `
All bad lines are listed; a single one prevents the import (exit code 65). The import is idempotent:
run it again after an interruption, or with a longer file.`;

const doctorNotes = `
Run it the way the server runs: same settings, same user, same machine. Exit codes: 0 no findings,
2 warnings only, otherwise the code with which the server would refuse to start.`;

const httpUrl = (text: string): URL => {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text);
  throw new InvalidArgumentError('It must be a URL that begins with https:// or http://.');
};

const wholeNumber = (least: number, most: number) => (text: string) => {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
};

const asOneLine = (text: string) =>
  text
    .trim()
    .replace(/^error: /, 'parley: ')
    .replace(/\s*\n\s*/g, ' ');

bearBrokenOutput();
const code = await main(process.argv.slice(2));
// The exit code only: a server keeps running.
if (code !== undefined) process.exitCode = code;
