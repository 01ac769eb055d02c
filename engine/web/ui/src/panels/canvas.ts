import { useEffect, useRef } from "preact/hooks";

/** A canvas in the screen's own pixels, drawn again when the size or the data change. */
export function useCanvas(width: number, height: number, deps: unknown[], paint: (ctx: CanvasRenderingContext2D) => void) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const one = canvas.current!;
    const ratio = devicePixelRatio || 1;
    one.width = width * ratio;
    one.height = height * ratio;
    const ctx = one.getContext("2d")!;
    ctx.scale(ratio, ratio);
    paint(ctx);
  }, [width, height, ...deps]);
  return canvas;
}
