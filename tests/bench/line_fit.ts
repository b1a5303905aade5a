/** One thing that was seen at one place. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line through points, by least squares. */
export interface LineFit {
  /** How much y grows with each x. */
  readonly slope: number;
  /** Standard error of the slope: one within twice this of 0 may well be 0. */
  readonly slopeError: number;
}

/**
 * Lays a line through points.
 *
 * @param points At least three, of different x.
 * @returns NaN for fewer.
 */
export function fitLine(points: readonly Point[]): LineFit {
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spread = sum(points.map(({ x }) => (x - meanX) ** 2));
  const slope = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) /
    spread;
  const unexplained = sum(
    points.map(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2),
  );
  const freedom = points.length - 2;
  return {
    slope: freedom > 0 ? slope : NaN,
    slopeError: freedom > 0 ? Math.sqrt(unexplained / freedom / spread) : NaN,
  };
}

/**
 * Gives the arithmetic mean.
 *
 * @returns NaN of no values.
 */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((one, other) => one + other, 0);
}
