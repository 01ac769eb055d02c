import { useEffect, useRef } from "preact/hooks";

const ruler = document.createElement("canvas").getContext("2d")!;

/** How many pixels a text is wide in letters of one pixel. */
export function breadth(text: string, weight = 400): number {
  ruler.font = `${weight} 100px system-ui, sans-serif`;
  return ruler.measureText(text).width / 100;
}

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
