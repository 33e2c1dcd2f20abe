// SPDX-License-Identifier: Apache-2.0
// Canvases as sharp as the screen, in the colours of the page.

/** A colour of style.css, in the mode of now. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** A drawing context whose unit is a CSS pixel, with its size. */
export function prepare(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  return { context, width, height };
}

/** Calls `draw` when the page's width or mode changes. */
export function onChange(draw) {
  addEventListener('resize', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}
