/** A native modal dialog, in which the browser keeps the focus. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface ModalProps {
  titleId: string;
  title: string;
  onClose: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

export function Modal({ titleId, title, onClose, wide, children }: ModalProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const node = element.current;
    const before = document.activeElement;
    node?.showModal();
    return () => {
      node?.close();
      // The browser gives the focus back on close; not so when the node is taken away first.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={wide === true ? 'wide' : ''}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="dialog-body">
        <h2 id={titleId}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
