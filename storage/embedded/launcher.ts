/**
 * How ClickHouse's library becomes a process. Its one trick: the library is called on the stack of
 * a real thread by a dozen lines of python3 or C (libraries for calling C from Node use stacks of
 * their own, on which it fails), and a second thread leaves when stdin ends, so that a storage
 * role that was killed leaves no orphan that keeps the folder locked.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TOOL_MS_MAX = 20_000;
/** On top of what the storage role has taken itself: 10 in all, behind everything else. */
const NICE = 5;

/** stdin is moved away first: `clickhouse local` would read it as a table. */
const PYTHON = `import ctypes, os, sys, threading
os.nice(${NICE})
parent = os.dup(0)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
def leave_with_parent():
    while os.read(parent, 4096):
        pass
    os._exit(0)
threading.Thread(target=leave_with_parent, daemon=True).start()
library = ctypes.CDLL(sys.argv[1])
arguments = [b"clickhouse"] + [os.fsencode(a) for a in sys.argv[2:]]
argv = (ctypes.c_char_p * (len(arguments) + 1))(*arguments, None)
library.chdb_query_cmdline.restype = ctypes.c_void_p
library.chdb_query_cmdline(len(arguments), argv)
`;

const C = `#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static int parent;
static void *leave_with_parent(void *unused) {
  char bytes[4096];
  while (read(parent, bytes, sizeof bytes) > 0) {}
  _exit(0);
  return unused;
}
int main(int count, char **values) {
  pthread_t thread;
  if (nice(${NICE}) == -1) {}
  parent = dup(0);
  dup2(open("/dev/null", O_RDONLY), 0);
  pthread_create(&thread, 0, leave_with_parent, 0);
  void *library = dlopen(values[1], RTLD_NOW);
  void *(*query)(int, char **) = library ? dlsym(library, "chdb_query_cmdline") : 0;
  if (!query) { fprintf(stderr, "%s\\n", dlerror()); return 1; }
  values[1] = "clickhouse";
  query(count - 1, values + 1);
  return 0;
}
`;

/** The command that runs ClickHouse, or why this machine cannot, with the mend. */
export type Launch = { command: string; args: string[] } | { absent: string };

/** Prepares a launcher in `folder`. `tools` are for tests that play a poorer machine. */
export async function prepareLaunch(
  folder: string,
  tools: { python: readonly string[]; compilers: readonly string[] } = {
    python: ['python3'],
    compilers: ['cc', 'gcc', 'clang'],
  },
): Promise<Launch> {
  const library = findLibrary();
  if (library === undefined) {
    return {
      absent:
        `the embedded ClickHouse (npm package ${packageName()}) is not installed: run ` +
        '"npm ci" without --omit=optional on Linux x64, or give the URL of a server with ' +
        '--set clickhouse=http://host:8123',
    };
  }
  for (const python of tools.python) {
    if (!(await works(python, ['-I', '-c', 'import ctypes, os, threading']))) continue;
    const script = join(folder, 'launcher.py');
    writeFileSync(script, PYTHON, { mode: 0o600 });
    return { command: python, args: ['-I', script, library] };
  }
  const program = await compile(folder, tools.compilers);
  if (program !== undefined) return { command: program, args: [library] };
  return {
    absent:
      'the embedded ClickHouse needs python3 or a C compiler to be started: install one ' +
      '(apt-get install python3), or give the URL of a server with ' +
      '--set clickhouse=http://host:8123',
  };
}

const packageName = (): string => `@chdb/lib-${process.platform}-${process.arch}-gnu`;

function findLibrary(): string | undefined {
  try {
    const here = createRequire(import.meta.url);
    const path = join(dirname(here.resolve(`${packageName()}/package.json`)), 'libchdb.so');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

async function compile(folder: string, compilers: readonly string[]): Promise<string | undefined> {
  const program = join(folder, 'launcher');
  const source = `${program}.c`;
  // Written behind the program: where it stands, the program is made of it.
  if (existsSync(program) && existsSync(source) && readFileSync(source, 'utf8') === C) {
    return program;
  }
  const draft = `${program}.draft.c`;
  writeFileSync(draft, C, { mode: 0o600 });
  for (const compiler of compilers) {
    if (!(await works(compiler, ['-O1', '-o', program, draft, '-ldl', '-lpthread']))) continue;
    renameSync(draft, source);
    return program;
  }
  return undefined;
}

async function works(command: string, args: string[]): Promise<boolean> {
  try {
    await run(command, args, { timeout: TOOL_MS_MAX });
    return true;
  } catch {
    return false;
  }
}
