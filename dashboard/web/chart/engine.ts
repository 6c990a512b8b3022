/** The drawing library in a script of its own: `plot.tsx` asks for it after the first paint. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export { uPlot };
