// The supervisor's charts. Their data are the tables beside them, so that both always say the same.

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const FONT = { fontFamily: style.getPropertyValue("--tblr-font-sans-serif"), color: colour("--yj-ink") };
const SHADES = ["#0b6b7a", "#e0a32e", "#7a4bb0", "#175cb8", "#b42318", "#2fa866", "#98a4ac"];
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

const rowsOf = (place) =>
  [...document.querySelectorAll(`#${place.dataset.of} tbody tr`)].map((row) => ({
    name: row.dataset.name,
    part: row.dataset.part,
    value: Number(row.dataset.value),
  }));

// Drawn as text on the canvas: an HTML tooltip would need inline styles, which our pages forbid.
const base = { animation: !still, textStyle: FONT, tooltip: { renderMode: "richText", confine: true } };

function funnel(place) {
  const rows = rowsOf(place);
  return {
    ...base,
    color: ["#084f5a", "#0b6b7a", "#3f96a2", "#8cc3c9"],
    series: [
      {
        type: "funnel",
        sort: "none",
        top: 4,
        bottom: 4,
        left: "4%",
        width: "68%",
        minSize: "2%",
        gap: 3,
        label: { position: "right", formatter: ({ name, value }) => `${name}  ${value.toLocaleString("en")}`, color: FONT.color },
        labelLine: { length: 12, lineStyle: { color: colour("--yj-line") } },
        data: rows,
      },
    ],
  };
}

// Bars of the situations, each parted by its regional and technical reasons; what names none comes first.
function declines(place) {
  const rows = rowsOf(place);
  const totals = rows.filter((row) => !row.part).reverse();
  const names = totals.map((row) => row.name);
  const parts = [...new Set(rows.map((row) => row.part).filter(Boolean))];
  const sum = (found) => found.reduce((total, row) => total + row.value, 0);
  const of = (name, part) => sum(rows.filter((row) => row.name === name && row.part === part));
  const plain = totals.map((row) => row.value - sum(rows.filter((part) => part.part && part.name === row.name)));
  const bar = (name, data) => ({ type: "bar", stack: "declines", barMaxWidth: 20, name, data });
  return {
    ...base,
    color: SHADES,
    tooltip: { ...base.tooltip, trigger: "axis", axisPointer: { type: "shadow" } },
    legend: { type: "scroll", bottom: 0, itemWidth: 12, itemHeight: 12, textStyle: FONT },
    grid: { left: 4, right: 16, top: 4, bottom: 36, containLabel: true },
    xAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: colour("--yj-line") } } },
    yAxis: {
      type: "category",
      data: names,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colour("--yj-line") } },
      axisLabel: { ...FONT, width: place.clientWidth < 480 ? 120 : 240, overflow: "truncate" },
    },
    series: [
      bar(place.dataset.plain, plain),
      ...parts.map((part) => bar(part, names.map((name) => of(name, part)))),
    ],
  };
}

const CHARTS = { funnel, declines };

for (const place of document.querySelectorAll("[data-chart]")) {
  const chart = echarts.init(place);
  const draw = () => chart.setOption(CHARTS[place.dataset.chart](place));
  draw();
  new ResizeObserver(() => {
    chart.resize();
    draw();
  }).observe(place);
}
