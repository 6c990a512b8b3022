/** A key beside the words that it stands for; the words alone are read out. */
export function Key({ name }: { name: string | number }) {
  return (
    <span class="key" aria-hidden="true">
      {name}
    </span>
  );
}
