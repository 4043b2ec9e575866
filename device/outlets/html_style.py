"""The style sheet of the HTML report: fonts of the reader's own system, A4 on paper, words beside every colour."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
@page { size: A4; margin: 13mm 12mm 15mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #4b5563 } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; background: #eef1f5 }
body { margin: 0 auto; max-width: 62rem; padding: 1.6rem 2rem; background: #fff; color: #111827;
  font: 14px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC",
    "Microsoft YaHei", "Source Han Sans SC", "WenQuanYi Micro Hei", "Droid Sans Fallback", sans-serif;
  overflow-wrap: break-word; print-color-adjust: exact; -webkit-print-color-adjust: exact }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.2 }
h2 { margin: 1.6rem 0 .5rem; padding-bottom: .2rem; border-bottom: 2px solid #374151; font-size: 1.05rem;
  break-after: avoid }
h3 { margin: .9rem 0 .3rem; font-size: .95rem; break-after: avoid }
p { margin: .3rem 0 }
header { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; align-items: baseline; justify-content: space-between }
header p { margin: 0; color: #4b5563 }
header p.result { flex-basis: 100%; margin: .2rem 0 .3rem; font-size: 1.05rem }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1rem; margin: .4rem 0 }
dt { color: #4b5563 }
dd { margin: 0 }
.wide { grid-template-columns: repeat(2, max-content minmax(0, 1fr)) }
.verdict { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; margin: .4rem 0 .6rem;
  padding: .5rem .8rem; border-radius: .3rem; background: var(--band, #374151); color: #fff; break-inside: avoid }
.verdict b { font-size: 1.25rem }
.verdict span:last-child { margin-left: auto }
code { font: 1.05em ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; letter-spacing: .04em }
.beside { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 19rem); gap: 1.2rem; align-items: start }
figure { margin: 0; break-inside: avoid }
figcaption { margin-top: .2rem; color: #4b5563; font-size: .85em }
.screen img { display: block; width: auto; max-width: 100%; height: auto; max-height: 20rem;
  border: 1px solid #9ca3af }
.screen img.tiny { width: 100%; image-rendering: pixelated }
table { width: 100%; border-collapse: collapse; font-size: .93em }
th, td { padding: .2rem .9rem .2rem 0; border-bottom: 1px solid #d5dae1; text-align: left; vertical-align: top }
th { color: #4b5563; font-weight: 600 }
tbody th { padding-top: .5rem; color: #111827 }
thead { display: table-header-group }
tr, tbody.part { break-inside: avoid }
td.number, td.age, td.state { white-space: nowrap }
td.value { overflow-wrap: anywhere; min-width: 9rem }
dd, .values li, .found { overflow-wrap: anywhere }
.outcome { white-space: nowrap; font-weight: 600 }
.outcome i { display: inline-block; width: 1.25em; margin-right: .35em; border-radius: .2em; background: currentColor;
  text-align: center; font-style: normal }
.outcome i b { color: #fff }
.pass { color: #0b6b3a } .marginal { color: #8a4b00 } .fail { color: #b41c1c } .error { color: #7a1fa2 }
.not_run { color: #4b5563 }
.note { color: #4b5563; font-size: .88em }
.found { margin: .5rem 0; padding: .35rem .7rem; border-left: .25rem solid currentColor; break-inside: avoid }
.found p { color: #111827 } .found p.note { color: #4b5563 }
#trends > .note { break-after: avoid }
.plots { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .9rem 1.4rem }
.plot { display: block; width: 100%; height: auto }
.plot text { font-size: 9.5px; fill: #4b5563 }
.plot .grid { stroke: #e3e7ec; stroke-width: 1 } .plot .axis { stroke: #6b7280; stroke-width: 1 }
.plot .band { fill: #9db7e8; stroke: #9db7e8; stroke-width: 1 }
.plot .mean { fill: none; stroke: #1e4096; stroke-width: 1.6; stroke-linejoin: round }
.plot .limit { stroke: #b41c1c; stroke-width: 1.3; stroke-dasharray: 5 3 }
.proof { margin: 0 1px; padding: .5rem .8rem; border: 2px solid currentColor; border-radius: .3rem;
  break-inside: avoid }
.proof p { color: #111827 } .proof p:first-child { color: inherit; font-size: 1.1rem; font-weight: 600 }
ul.values { columns: 3; column-gap: 1.5rem; margin: .4rem 0; padding: 0; list-style: none; font-size: .88em }
ul.values li { break-inside: avoid; padding: .05rem 0 .05rem 1em; text-indent: -1em }
footer { margin-top: 1.8rem; break-inside: avoid }
.sign { display: flex; gap: 2rem; margin: 2rem 0 .8rem }
.sign span { flex: 1; border-top: 1px solid #111827; padding-top: .2rem }
@media (max-width: 45rem) { body { padding: 1rem } .beside, .plots, .wide { grid-template-columns: minmax(0, 1fr) }
  .wide { grid-template-columns: max-content minmax(0, 1fr) } ul.values { columns: 1 }
  td { min-width: 5em } td.value, td.age, td.state { min-width: 0 } }
@media print { html { background: none } body { max-width: none; padding: 0; font-size: 9.5pt }
  .beside { grid-template-columns: minmax(0, 1fr) 17rem } }
"""
