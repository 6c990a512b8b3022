/** A line of the last minute, from zero to its own maximum. Gaps where nothing was measured. */
const WIDTH = 64;
const HEIGHT = 18;
const POINTS = 60;

export function sparklinePath(values: readonly (number | null)[]): string {
  let max = 0;
  for (const value of values) if (value !== null && value > max) max = value;
  const step = WIDTH / (POINTS - 1);
  const start = POINTS - values.length;
  let path = '';
  let pen = false;
  values.forEach((value, i) => {
    if (value === null) {
      pen = false;
      return;
    }
    const x = (start + i) * step;
    const y = max === 0 ? HEIGHT - 1 : HEIGHT - 1 - (value / max) * (HEIGHT - 3);
    path += `${pen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
  });
  return path;
}

export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <path d={sparklinePath(values.slice(-POINTS))} />
    </svg>
  );
}
