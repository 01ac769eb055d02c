import { useEffect, useRef } from "preact/hooks";

/** A canvas in the screen's own pixels, drawn again when the size, the data or the theme change. */
export function useCanvas(width: number, height: number, deps: unknown[], paint: (ctx: CanvasRenderingContext2D) => void) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const draw = () => {
      const one = canvas.current!;
      const ratio = devicePixelRatio || 1;
      one.width = width * ratio;
      one.height = height * ratio;
      const ctx = one.getContext("2d")!;
      ctx.scale(ratio, ratio);
      paint(ctx);
    };
    draw();
    addEventListener("engine:theme", draw);
    return () => removeEventListener("engine:theme", draw);
  }, [width, height, ...deps]);
  return canvas;
}
