/** A small file system of its own, to be filled. It needs the right to mount. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Elsewhere tests of a full disk are left out. */
export function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'weir-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' });
    execFileSync('umount', [dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function mountSmallDisk(folder: string, megabytes: number): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
}

/** Also while somebody still has a file open there. */
export function unmountSmallDisk(folder: string): void {
  execFileSync('umount', ['--lazy', folder]);
}

/** Until there is no room left. */
export function fillDisk(file: string): void {
  const descriptor = openSync(file, 'w');
  const bytes = Buffer.alloc(64 * 1024);
  try {
    for (;;) writeSync(descriptor, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(descriptor);
  }
}
