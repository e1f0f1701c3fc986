/// The look of a report's page.
#pragma once

namespace winnow {

inline constexpr char kReportStyle[] = R"css(
:root { color-scheme: light dark; --paper: #fff; --card: #f6f8fa; --ink: #1f2328; --muted: #59636e; --line: #d1d9e0;
  --accent: #0b5cad; --good: 0 114 178; --bad: 213 94 0; --shade: .45; --warn: #fff6d8; --warn-line: #d4a72c; --cue: rgb(0 0 0 / .22);
  --c1: #0072b2; --c2: #d55e00; --c3: #00805d; --c4: #b04a86; --c5: #8a6a00; --c6: #3a8fc0; --c7: #6e5fc7; --c8: #7a7a7a; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --card: #161b22; --ink: #e6edf3; --muted: #9aa4ae;
  --line: #30363d; --accent: #6cb0ff; --good: 56 139 221; --bad: 235 110 30; --shade: .6; --warn: #2b2410; --cue: rgb(255 255 255 / .25);
  --warn-line: #8a6d1f; --c1: #58a6ff; --c2: #ff9a52; --c3: #3fc79a; --c4: #e48bc0; --c5: #e3b341; --c6: #8fd0f5;
  --c7: #b3a5ff; --c8: #9a9a9a; } }
@media print { :root { color-scheme: light; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
p { margin: .4rem 0 .8rem; max-width: 75ch; overflow-wrap: anywhere; }
.lead, .note, figcaption { color: var(--muted); }
.note { font-size: .875rem; }
bdi { overflow-wrap: anywhere; }
.outcome { font-size: 1.15rem; font-weight: 600; margin: 1rem 0; padding: .5rem .9rem; max-width: none; background: var(--card);
  border: 1px solid var(--line); border-left: .4rem solid var(--muted); border-radius: 8px; }
.outcome.better { border-left-color: var(--c3); }
.outcome.worse { border-left-color: var(--c2); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: .75rem;
  margin: 1.25rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; }
.tiles .name { color: var(--muted); font-size: .875rem; }
.tiles .figure { font-size: 1.9rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
.tiles .range { font-size: .875rem; font-variant-numeric: tabular-nums; }
.tiles .said { margin: .35rem 0 0; font-size: .9rem; color: var(--muted); }
.warnings { background: var(--warn); border: 1px solid var(--warn-line); border-radius: 8px; padding: .6rem 1rem; margin: 1rem 0; }
.warnings ul { margin: .2rem 0; padding-left: 1.2rem; }
.warnings li { overflow-wrap: anywhere; }
dl.facts { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .2rem 1rem; margin: 1rem 0; font-size: .9rem; }
dl.facts dt { color: var(--muted); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
code, pre { font: .85em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem 1rem; white-space: pre-wrap; }
.beside { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: flex-start; }
.beside > * { min-width: 0; max-width: 100%; }
.beside .note { contain: inline-size; }
.scroll { overflow-x: auto; max-width: 100%; width: fit-content; margin: .5rem 0 1rem; background:
  linear-gradient(to left, var(--paper) 45%, transparent) 100% 0 / 44px 100% no-repeat local,
  linear-gradient(to left, var(--cue), transparent) 100% 0 / 18px 100% no-repeat scroll; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
th { font-weight: 600; color: var(--muted); vertical-align: bottom; }
th[scope=row] { color: var(--ink); font-weight: 500; vertical-align: top; }
th:first-child { position: sticky; left: 0; background: var(--paper); }
th:first-child, .pairs th:nth-child(2), td.left, th.left { text-align: left; }
th.label, td.label { white-space: normal; min-width: 7rem; max-width: 22rem; overflow-wrap: break-word; }
th bdi, td bdi { overflow-wrap: inherit; }
td .range { display: block; color: var(--muted); font-size: .8rem; }
tr.stands-out td, tr.stands-out th { background: var(--warn); }
.matrix td { text-align: center; min-width: 4.2rem; border: 1px solid var(--line); padding: .45rem .5rem; vertical-align: middle; }
.matrix td small { display: block; color: var(--ink); opacity: .8; font-size: .75rem; }
.matrix th[scope=row] { vertical-align: middle; }
.matrix thead th { text-align: center; white-space: normal; min-width: 4.2rem; max-width: 8rem; overflow-wrap: break-word; }
.matrix.many thead th { min-width: 3rem; text-align: center; }
.matrix.many thead th span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 12rem; text-align: left; }
.matrix.many thead th:first-child { text-align: left; }
.matrix th.label { min-width: 9rem; }
.matrix .zero { color: var(--muted); }
.matrix .right { background: rgb(var(--good) / calc(var(--s) * var(--shade))); }
.matrix .wrong { background: rgb(var(--bad) / calc(var(--s) * var(--shade))); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem; margin: 1rem 0; }
figure { margin: 0; border: 1px solid var(--line); border-radius: 8px; padding: .7rem .8rem; min-width: 0; break-inside: avoid; }
figure > h3 { margin: 0 0 .3rem; }
figure svg { display: block; width: 100%; height: auto; max-width: 560px; margin: 0 auto; font-family: inherit; }
figcaption { font-size: .85rem; margin-top: .3rem; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .3rem 0 0; padding: 0; font-size: .85rem; }
.legend li { min-width: 0; overflow-wrap: anywhere; }
.legend i { display: inline-block; width: 1.4em; height: 0; border-top: 3px solid; vertical-align: middle; margin-right: .4em; }
.legend i.dashed { border-top-style: dashed; }
.filter > input { margin: 0 .3rem 0 0; }
.filter > label { display: inline-block; font-size: .9rem; margin-right: 1.1rem; cursor: pointer; }
#kind-0:checked ~ ol > :not(.kind-0), #kind-1:checked ~ ol > :not(.kind-1), #kind-2:checked ~ ol > :not(.kind-2),
#kind-3:checked ~ ol > :not(.kind-3), #kind-4:checked ~ ol > :not(.kind-4), #kind-5:checked ~ ol > :not(.kind-5),
#kind-6:checked ~ ol > :not(.kind-6) { display: none; }
ol.texts { list-style: none; margin: .75rem 0; padding: 0; }
ol.texts li { border: 1px solid var(--line); border-radius: 8px; padding: .55rem .8rem; margin: 0 0 .6rem; break-inside: avoid; }
ol.texts .verdict { font-size: .875rem; overflow-wrap: anywhere; }
ol.texts .where { color: var(--muted); font-size: .8rem; overflow-wrap: anywhere; }
ol.texts .message { margin: .3rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 15em; overflow: auto; max-width: none; }
.sep { display: inline-block; font-size: .65rem; letter-spacing: .06em; border: 1px solid var(--line); border-radius: 4px;
  padding: 0 .35em; color: var(--muted); background: var(--card); white-space: nowrap; }
b.wrong { color: var(--c2); font-weight: 600; }
b.right { color: var(--c3); font-weight: 600; }
details { margin: .5rem 0 1rem; }
summary { cursor: pointer; color: var(--accent); }
@media (max-width: 480px) { main { padding: 1rem .75rem 3rem; } h1 { font-size: 1.4rem; } th, td { padding: .3rem .45rem; }
  figure { padding: .5rem .35rem; } th[scope=row] { white-space: normal; } th.label { max-width: 40vw; } .matrix th.label { min-width: 6rem; } }
@media print { body { font-size: 11px; } main { max-width: none; padding: 0; } h2, h3 { break-after: avoid; } tr { break-inside: avoid; }
  .scroll { overflow: visible; background: none; } .filter > input, .filter > label { display: none; } ol.texts .message { max-height: none; overflow: visible; } a { color: inherit; } }
)css";

}  // namespace winnow
