// Colors and fonts of the page for charts.
export interface ChartTheme {
  text: string;
  muted: string;
  line: string;
  surface: string;
  font: string;
  series: string[];
}

export function chartTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: value("--text"),
    muted: value("--muted"),
    line: value("--line"),
    surface: value("--raised"),
    font: value("--font"),
    series: [1, 2, 3, 4, 5, 6].map((index) => value(`--series-${index}`)),
  };
}
