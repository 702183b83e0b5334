/** `parley`: one file for each command, loaded when it is called, so that the help is there at once. */
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
    // It has written what there is to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const { line, exitCode } =
      error instanceof CommandError ? { line: error.message, exitCode: error.exitCode } : asFailure(error);
    process.stderr.write(`parley: ${line}\n`);
    return exitCode;
  }
};

/** A reader that has gone is no reason to leave a copy half done; what a full disk did not take must not pass for printed. */
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
    .description('A chat backend that one runs oneself.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this, or the help of a command')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${asOneLine(text)}\n`) })
    .addHelpText('after', footer);

  program
    .command('serve')
    .description('run the server, as `npm start` does')
    .addHelpText('after', '\nAll of its settings are in the environment; `parley settings` lists them.')
    .action(async () => (await import('../serve.js')).serve());

  program
    .command('settings')
    .description('print every setting: what it is for, its default and what it takes')
    .action(async () => {
      const { settingsHelp } = await import('../settings-text.js');
      process.stdout.write(`${settingsHelp()}\n`);
    });

  program
    .command('migrate')
    .description('bring the database to the tables of this version')
    .option('--status', 'only print what was applied and what is pending (code 65 where anything is amiss)')
    .action(async (options: { status?: true }) => (await import('./migrate.js')).migrateDatabase(options));

  program
    .command('doctor')
    .description('look at settings, database, Redis, machine and proxies, and say what to mend; changes nothing')
    .option('--url <url>', 'where clients reach it, to look at what stands in front', httpUrl)
    .option('--json', 'print what was found as JSON')
    .addHelpText('after', doctorNotes)
    .action(async (options: { url?: URL; json?: true }) => {
      process.exitCode = await (await import('./doctor/main.js')).doctor(options);
    });

  program
    .command('create-admin')
    .description('make an administrator; a user of that name becomes one and keeps password and e-mail')
    .requiredOption('--username <name>', '3 to 32 letters, digits, ".", "_" or "-"')
    .requiredOption('--email <address>', 'where they can be reached')
    .option('--password <password>', 'others may see it in the list of processes; without it, it is asked for')
    .addHelpText(
      'after',
      '\nWithout --password it asks on a terminal; where there is none it generates one and prints it.',
    )
    .action(async (options: { username: string; email: string; password?: string }) =>
      (await import('./create-admin.js')).createAdmin(options),
    );

  program
    .command('set-password')
    .description("set a user's password and end their sessions")
    .requiredOption('--username <name>', 'whose')
    .option('--generate', 'do not ask, generate one and print it')
    .addHelpText('after', '\nIt asks on a terminal; where there is none it generates one and prints it.')
    .action(async (options: { username: string; generate?: true }) =>
      (await import('./set-password.js')).setPassword(options),
    );

  program
    .command('copy')
    .description('move the embedded database into an empty PostgreSQL')
    .requiredOption('--to <url>', 'of the PostgreSQL: postgresql://user:password@host/database')
    .option('--print-secret', 'print the TOKEN_SECRET to carry on with, rather than where it is kept')
    .addHelpText('after', copyNotes)
    .action(async (options: { to: string; printSecret?: true }) => (await import('./copy/main.js')).copy(options));

  program
    .command('import')
    .description('move in: users, chats and messages of another system, from a file of JSON lines')
    .argument('<file>', 'one object a line, as docs/importing.md says; - for standard input')
    .option('--dry-run', 'only check it, and say what would be added')
    .option('--adopt', 'take users who are here under the same username and e-mail for those in the file')
    .addHelpText('after', importNotes)
    .action(async (file: string, options: { dryRun?: true; adopt?: true }) =>
      (await import('./import/main.js')).importFile(file, options),
    );

  program
    .command('demo')
    .description('fill the database with made-up people and chats, the same ones for the same seed')
    .option('--users <count>', 'people', wholeNumber(1, 1_000_000), 100)
    .option('--chats <count>', 'chats, about half of them dialogs', wholeNumber(1, 1_000_000), 100)
    .option('--messages <count>', 'messages in all', wholeNumber(0, 10_000_000), 10_000)
    .option('--seed <number>', 'another one, other people', wholeNumber(0, 2 ** 31 - 1), 1)
    .addHelpText('after', '\nIt adds to what is there and changes none of it. Times are counted back from now.')
    .action(async (options: { users: number; chats: number; messages: number; seed: number }) =>
      (await import('./demo.js')).demo(options),
    );

  program
    .command('chat')
    .description('chat in this terminal, over the public API')
    .requiredOption('--as <username>', 'who to sign in as; the password is asked for')
    .option('--url <url>', 'of the server', 'http://127.0.0.1:4000')
    .option('--chat <name>', 'the chat to open: its name, its slug, or who is in it')
    .action(async (options: { as: string; url: string; chat?: string }) => {
      const { chat } = await import('./chat/main.js');
      process.exit(await chat(options));
    });

  return program;
};

const footer = `
Settings come from the environment and from a file .env in the working directory. Without
DATABASE_URL the database is embedded, in the folder DATA_DIR (./data): one process at a time.

Codes: 0 done, 2 the doctor has warnings, 64 command line, 65 state of the database or bad lines of
a file, 66 file unreadable, 69 no database, 71 address in use or too few open files, 73 data folder
unusable, 75 data folder in use, 77 sign-in refused, 78 settings, 1 anything unexpected.`;

const copyNotes = `
The source is the embedded database in DATA_DIR, whatever DATABASE_URL says; stop its server first.
It stays as it is. Ids, cursors and sessions stay valid. If it fails the PostgreSQL stays empty.`;

const importNotes = `
Bad lines are all named, and nothing is written where there is one (code 65). What was brought in
before is not again: run it once more after it was ended, or with a longer file.`;

const doctorNotes = `
Run it as the server is run: same settings, same user, same machine. Codes: 0 all is well, 2 there are
warnings; otherwise that with which a start would end.`;

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
// A server lives on; a command is over, whatever timers are left.
if (code !== undefined) process.exitCode = code;
