/**
 * The terminal: a page above, an input line below. A real terminal is redrawn on each change; elsewhere (a pipe, a file)
 * each new line is printed once.
 */
import { clearScreenDown, createInterface, cursorTo, type Interface } from 'node:readline';

export interface Page {
  title: string;
  /** Oldest first. If there are too many, the newest are shown. */
  lines: string[];
  /** One line about what is going on. */
  status: string;
  prompt: string;
}

export interface Screen {
  draw(page: Page): void;
  /** The maximum width of a line. */
  readonly columns: () => number;
  close(): void;
}

export interface ScreenOptions {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
  onLine: (line: string) => void;
  /** Called after each key, with the text typed so far. */
  onKey: (typed: string) => void;
  onClose: () => void;
}

export const createScreen = (options: ScreenOptions): Screen =>
  options.output.isTTY && options.input.isTTY ? createTerminal(options) : createPrinter(options);

const createTerminal = ({ input, output, onLine, onKey, onClose }: ScreenOptions): Screen => {
  const editor: Interface = createInterface({ input, output, terminal: true, historySize: 50 });
  let page: Page | null = null;
  let isDue = false;

  const draw = () => {
    isDue = false;
    if (page === null) return;
    const rows = Math.max(4, output.rows);
    const room = rows - 3;
    const shown = page.lines.slice(-room);
    const blank = Array.from({ length: room - shown.length }, () => '');
    cursorTo(output, 0, 0);
    clearScreenDown(output);
    output.write([`\x1b[7m ${page.title} \x1b[0m`, ...blank, ...shown, `\x1b[2m${page.status}\x1b[0m`, ''].join('\n'));
    editor.setPrompt(page.prompt);
    editor.prompt(true);
  };

  const drawSoon = () => {
    if (isDue) return;
    isDue = true;
    setTimeout(draw, 30);
  };

  editor.on('line', (line) => {
    onLine(line);
    drawSoon();
  });
  editor.on('close', onClose);
  input.on('keypress', () => onKey(editor.line));
  output.on('resize', drawSoon);

  return {
    draw: (next) => {
      page = next;
      drawSoon();
    },
    columns: () => output.columns || 80, // 0 if the terminal does not know
    close: () => {
      page = null;
      editor.removeListener('close', onClose);
      editor.close();
      output.write('\n');
    },
  };
};

const createPrinter = ({ input, output, onLine, onClose }: ScreenOptions): Screen => {
  const editor = createInterface({ input, terminal: false });
  const printed = new Set<string>();
  editor.on('line', onLine);
  editor.on('close', onClose);
  return {
    draw: ({ lines }) => {
      for (const line of lines) {
        if (printed.has(line)) continue;
        printed.add(line);
        output.write(`${line}\n`);
      }
    },
    columns: () => Infinity,
    close: () => editor.close(),
  };
};
