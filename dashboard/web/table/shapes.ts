/** One shape a severity, so that nothing depends on colour alone. Drawn in the text's colour. */
const PATHS: Record<string, string> = {
  critical: 'M6 .5 11.5 6 6 11.5 .5 6Z', // filled diamond
  high: 'M6 1 11.5 11H.5Z', // filled triangle
  medium: 'M1.5 1.5h9v9h-9Z', // filled square
  low: 'M6 1.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6Z', // ring
  info: 'M1 6h10', // dash
};
const HOLLOW = new Set(['low', 'info']);
const SVG = 'http://www.w3.org/2000/svg';

export function severityShape(severity: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 12 12');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[severity] ?? (PATHS['info'] as string));
  path.setAttribute('class', HOLLOW.has(severity) ? 'hollow' : 'full');
  svg.append(path);
  return svg;
}
