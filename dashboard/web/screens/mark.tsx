/** The weir: two steps of water. Decoration beside the name, never alone. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M3 10h11c5 0 4 7 8 7h7" />
      <path d="M3 17h6c5 0 4 7 9 7h11" />
    </svg>
  );
}
