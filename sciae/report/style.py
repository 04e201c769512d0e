"""Style: how a page looks on a screen, on a phone, in the dark and on paper."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root{--ink:#1c2024;--soft:#5b6570;--paper:#fff;--card:#fff;--line:#d9dee3;--wash:#f5f7f9;
--link:#005a94;--good:#00714f;--note:#005a94;--warning:#a84300;--best:#e4f2ec}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#a3adb7;--paper:#14171a;
--card:#fbfbfa;--line:#363d44;--wash:#1d2226;--link:#7cc0f2;--good:#2ebd8f;--note:#6db6ea;
--warning:#f0904a;--best:#143a2e}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0 auto;max-width:72rem;padding:2rem 1.5rem 3rem;background:var(--paper);
color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",
"Noto Sans","DejaVu Sans",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 1.5rem;letter-spacing:-.01em}
.verdict b{font-weight:650}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .75rem}
section{margin:0 0 2.75rem}
section[id]{border-top:1px solid var(--line);padding-top:1.5rem}
p{max-width:46rem;margin:0 0 .8rem}
a{color:var(--link)}
.verdict{background:var(--wash);border:1px solid var(--line);border-radius:.6rem;
padding:1.25rem 1.4rem 1rem;margin-bottom:2rem}
.verdict ul{list-style:none;margin:0;padding:0}
.verdict li{display:flex;gap:.75rem;margin:0 0 .7rem;max-width:60rem}
.badge{flex:none;width:1.5em;height:1.5em;border-radius:50%;text-align:center;font-weight:700;
line-height:1.5;color:var(--paper);background:var(--note)}
.good .badge{background:var(--good)}
.warning .badge{background:var(--warning);border-radius:.3em}
.facts dl{margin:0;display:grid;gap:.1rem 2.5rem;
grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}
.facts div{display:grid;grid-template-columns:9.5rem 1fr;gap:1rem;padding:.3rem 0;
border-bottom:1px solid var(--line);font-size:.94rem}
dt{color:var(--soft)}dd{margin:0}
nav ol{columns:2;column-gap:2.5rem;margin:0;padding-left:1.4rem}
nav{margin:0 0 2.5rem}nav li{break-inside:avoid;padding:.1rem 0}
.figures{display:grid;gap:1.5rem;margin:1rem 0;
grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr))}
.pair{display:grid;gap:0 2rem;align-items:start;
grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.pair .figures{grid-template-columns:minmax(0,1fr)}
figure{margin:0;min-width:0}
figure svg{display:block;width:100%;height:auto;background:var(--card);padding:.5rem;
border:1px solid var(--line);border-radius:.5rem;stroke-linejoin:round;stroke-linecap:butt}
figure svg text{font-family:"DejaVu Sans",Verdana,"Bitstream Vera Sans",sans-serif!important}
figure svg image{image-rendering:pixelated}
figcaption{font-size:.875rem;line-height:1.45;color:var(--soft);margin:.5rem .2rem 0}
.table{overflow-x:auto;margin:1rem 0 .4rem;background:linear-gradient(90deg,var(--paper) 40%,
transparent) left/2rem 100% no-repeat local,linear-gradient(270deg,var(--paper) 40%,transparent)
right/2rem 100% no-repeat local,linear-gradient(90deg,var(--line),transparent) left/.7rem 100%
no-repeat,linear-gradient(270deg,var(--line),transparent) right/.7rem 100% no-repeat}
table{border-collapse:collapse;font-size:.9rem;line-height:1.35;
font-variant-numeric:tabular-nums;min-width:min(100%,26rem)}
.pair table{width:100%}
caption{text-align:left;font-weight:600;padding:0 0 .5rem}
th,td{padding:.42rem .7rem;border-bottom:1px solid var(--line);text-align:right;
vertical-align:top;overflow-wrap:normal}
th:first-child{text-align:left;padding-left:.2rem}
tbody th{font-weight:500;overflow-wrap:anywhere;min-width:7rem;max-width:22rem}
thead th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line);
vertical-align:bottom}
.words td,.words thead th{text-align:left;overflow-wrap:anywhere}
td small,th small{display:block;color:var(--soft);font-size:.8rem;white-space:nowrap;
font-weight:400}
td:has(strong){background:var(--best)}
.notes{list-style:none;margin:0 0 1rem;padding:0;font-size:.82rem;color:var(--soft);
max-width:46rem}
footer{border-top:1px solid var(--line);padding-top:1rem;font-size:.85rem;color:var(--soft)}
@media (max-width:52rem){.pair{grid-template-columns:minmax(0,1fr)}}
@media (max-width:36rem){body{padding:1.25rem 1rem 2rem}h1{font-size:1.5rem}
nav ol{columns:1}.facts div{grid-template-columns:7.5rem 1fr}.verdict{padding:1rem}
th,td{padding:.4rem .28rem}figure svg{padding:.2rem}table{font-size:.82rem;min-width:0}
td small,th small{font-size:.7rem}tbody th{min-width:5.3rem}}
@media print{:root{--ink:#000;--soft:#444;--paper:#fff;--card:#fff;--line:#bbb;--wash:#fff;
--link:#000;--good:#00714f;--note:#005a94;--warning:#a84300;--best:#eee}
body{max-width:none;padding:0;font-size:10pt}nav{display:none}a{text-decoration:none}
figure,tr,.verdict,li{break-inside:avoid}h2,caption{break-after:avoid}
.badge,td:has(strong){print-color-adjust:exact;-webkit-print-color-adjust:exact}
.figures{grid-template-columns:1fr 1fr}.pair .figures{max-width:9.5cm}
.notes{break-before:avoid}
.facts dl{grid-template-columns:1fr 1fr}.facts div{grid-template-columns:5rem 1fr}
.table{overflow:visible;background:none;break-inside:avoid}section{margin-bottom:1.2rem}
section[id]{padding-top:1rem}}
@page{margin:16mm}
""".strip()
