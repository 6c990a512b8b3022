/**
 * One Weir per data folder. Its one trick: the holder's pid stands in a tiny LMDB file and is
 * looked at and replaced within LMDB's writer mutex, which the kernel frees when its owner is
 * killed. So two starters can never both take over the lock of a dead one, and there is no
 * leftover to clean up by hand.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { LogError } from './errors.js';

interface Holder {
  pid: number;
  /** Start of the process in clock ticks since boot: tells a reused pid. '' where unknown. */
  started: string;
  boot: string;
}

export interface FolderLock {
  release(): Promise<void>;
}

const HOLDER = 'holder';

/** Takes the folder, making it if needed; throws `folder_locked` naming the holder's pid. */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const me: Holder = { pid: process.pid, started: startOf(process.pid), boot: bootId() };
  const file = open(join(folder, 'lock'), {
    noSubdir: true,
    mapSize: 1024 * 1024,
    encoding: 'json',
  });
  const holder = file.transactionSync(() => {
    const found = file.get(HOLDER) as Holder | undefined;
    if (found !== undefined && isAlive(found)) return found;
    void file.put(HOLDER, me);
    return undefined;
  });
  if (holder !== undefined) {
    void file.close();
    throw new LogError(
      'folder_locked',
      `data folder ${folder} is in use by process ${holder.pid}; stop it, or give another --dir`,
    );
  }
  let released = false;
  return {
    async release() {
      if (released) return;
      released = true;
      file.transactionSync(() => {
        void file.remove(HOLDER);
      });
      await file.close();
    },
  };
}

function isAlive(holder: Holder): boolean {
  if (holder.boot !== bootId()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return holder.started === startOf(holder.pid);
}

/** Field 22 of /proc/PID/stat, counted behind the name, which may hold spaces. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A killed process that nobody has waited for yet holds nothing any more.
    return fields[0] === 'Z' ? 'ended' : fields[19];
  } catch {
    return '';
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}
