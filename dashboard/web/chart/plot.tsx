/**
 * One canvas with one drawing. The library comes after the first paint, data may change at any
 * rate and is painted at most `1000 / PAINT_MS` times a second, and a change of theme or size
 * draws anew. Without the library (the server is away) the place stays empty: every picture has
 * words beside it.
 */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { appearance } from '../state/preferences.js';

const PAINT_MS = 300;
const IDLE_MS_MAX = 1_000;

type Library = typeof import('./engine.js').uPlot;
export type PlotOptions = Omit<uPlot.Options, 'width' | 'height'>;
export type Build = (library: Library) => PlotOptions;

let library: Promise<Library> | null = null;
function loadLibrary(): Promise<Library> {
  library ??= firstPaint()
    .then(() => import('./engine.js'))
    .then((loaded) => loaded.uPlot);
  library.catch(() => {
    library = null; // the next picture tries again
  });
  return library;
}

function firstPaint(): Promise<void> {
  return new Promise((done) => {
    if ('requestIdleCallback' in window) {
      requestIdleCallback(() => done(), { timeout: IDLE_MS_MAX });
    } else {
      setTimeout(done, IDLE_MS_MAX);
    }
  });
}

/** The value of a token of `styles/tokens.css`, as it is now. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

class Plot {
  private plot: uPlot | null = null;
  private made: Library | null = null;
  private disposed = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private paintedMs = Number.NEGATIVE_INFINITY;
  private readonly observer: ResizeObserver;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly host: HTMLElement,
    private build: Build,
    private data: uPlot.AlignedData,
  ) {
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(host);
    this.unsubscribe = effect(() => {
      appearance.value;
      this.draw();
    });
    loadLibrary().then(
      (loaded) => {
        this.made = loaded;
        this.draw();
      },
      () => undefined,
    );
  }

  /** Same kind of picture, new numbers. */
  set(data: uPlot.AlignedData): void {
    this.data = data;
    if (this.timer !== null || this.plot === null) return;
    const waitMs = Math.max(0, this.paintedMs + PAINT_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = null;
      this.paintedMs = performance.now();
      this.plot?.setData(this.data);
    }, waitMs);
  }

  /** Another picture. */
  rebuild(build: Build, data: uPlot.AlignedData): void {
    this.build = build;
    this.data = data;
    this.draw();
  }

  dispose(): void {
    this.disposed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.observer.disconnect();
    this.unsubscribe();
    this.plot?.destroy();
    this.plot = null;
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (this.made === null || this.disposed || width === 0 || height === 0) return;
    this.plot?.destroy();
    const options = { ...this.build(this.made), width, height };
    this.plot = new this.made(options, this.data, this.host);
  }

  private resized(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (this.plot === null) this.draw();
    else if (this.plot.width !== width || this.plot.height !== height) {
      if (width > 0 && height > 0) this.plot.setSize({ width, height });
    }
  }
}

interface PlotProps {
  class: string;
  build: Build;
  data: uPlot.AlignedData;
  /** Changes when `build` must run again. */
  buildKey: string;
}

/** Decoration to a screen reader: whoever uses it says the same in words. */
export function PlotHost({ class: name, build, data, buildKey }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const shown = useRef(buildKey);
  useEffect(() => {
    const made = new Plot(host.current as HTMLDivElement, build, data);
    plot.current = made;
    return () => {
      made.dispose();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    if (shown.current === buildKey) plot.current?.set(data);
    else plot.current?.rebuild(build, data);
    shown.current = buildKey;
  }, [data, buildKey]);
  return <div class={name} ref={host} aria-hidden="true" />;
}
