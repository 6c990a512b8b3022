/**
 * SIGHUP means two things: `kill -HUP` asks to load the files again, and a terminal that is closed
 * sends it to everything that was started there. Its one trick: a terminal that is gone is no
 * terminal any more, so who had one and has none was hung up on.
 */
import { isatty } from 'node:tty';

const STREAMS = [0, 1, 2] as const;

/** Call at the start, while the terminal is there; true then means: it is gone. */
export function watchTerminal(isTerminal: (stream: number) => boolean = isatty): () => boolean {
  const had = STREAMS.filter((stream) => isTerminal(stream));
  return () => had.some((stream) => !isTerminal(stream));
}

/** What is written to a terminal that is gone must not end the process in the middle of a stop. */
export function ignoreGoneTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EIO') throw error;
    });
  }
}
