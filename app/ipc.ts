/** What supervisor and children tell each other over Node's IPC channel. */

export type ChildMessage =
  | {
      type: 'ready';
      /** Addresses that the role listens on, for the lines that the supervisor prints. */
      dashboardUrl?: string;
      ingestUrl?: string;
      operationsUrl?: string;
    }
  /** A one-time link; a secret: printed for the person who starts Weir, never logged. */
  | { type: 'sign-in-link'; url: string };

export interface ParentMessage {
  /** `reload`: read catalogue and reference data again; who has none does nothing. */
  type: 'stop' | 'reload';
}

export function isChildMessage(value: unknown): value is ChildMessage {
  const type = (value as { type?: unknown } | null)?.type;
  return type === 'ready' || type === 'sign-in-link';
}

export function isStop(value: unknown): boolean {
  return (value as Partial<ParentMessage> | null)?.type === 'stop';
}

export function isReload(value: unknown): boolean {
  return (value as Partial<ParentMessage> | null)?.type === 'reload';
}
