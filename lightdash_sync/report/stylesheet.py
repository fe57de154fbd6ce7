"""The style sheet of the HTML report, without external fonts, images or addresses."""

from typing import Final

CSS: Final = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2128; --pale: #59636e; --line: #d1d9e0;
  --card: #f6f8fa; --green: #1a7f37; --green-paper: #dafbe1; --red: #c62828; --red-paper: #ffebe9;
  --blue: #0969da; --blue-paper: #ddf4ff; --amber: #9a6700; --amber-paper: #fff3c4; --grey-paper: #eaeef2; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --pale: #9198a1;
  --line: #3d444d; --card: #151b23; --green: #56d364; --green-paper: #12361f; --red: #ff7b72;
  --red-paper: #48191b; --blue: #79c0ff; --blue-paper: #0c2d6b; --amber: #e3b341;
  --amber-paper: #3d2e00; --grey-paper: #262c36; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
.alarm { border: 1px solid var(--red); border-left-width: 6px; border-radius: 6px; margin: 1rem 0;
  padding: .5rem .75rem; background: var(--red-paper); }
.alarm h2 { margin: 0; color: var(--red); } .alarm .quiet, .alarm code { color: var(--ink); }
.mild { border-color: var(--amber); background: var(--card); }
.fine { border-color: var(--green); background: var(--green-paper); }
.alarm.mild h2 { color: var(--amber); } .alarm.fine h2 { color: var(--green); }
p { margin: .5rem 0; }
.name { unicode-bidi: isolate; overflow-wrap: anywhere; }
.quiet, .quiet.name { color: var(--pale); font-size: .87rem; }
table { border-collapse: collapse; margin: .75rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .75rem .2rem 0; text-align: left; }
th[scope=col], td.number { text-align: right; } th:last-child, td:last-child { padding-right: 0; }
@media (max-width: 30rem) { th, td { padding-right: .5rem; } }
.created, .status.created { color: var(--green); } .deleted, .status.deleted { color: var(--red); }
.changed, .status.changed { color: var(--amber); }
.item { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .5rem .75rem;
  background: var(--card); overflow-wrap: anywhere; }
summary { cursor: pointer; }
.status { font-size: .8rem; font-weight: 600; margin-right: .5rem; }
.title { font-weight: 600; margin-right: .5rem; }
code { color: var(--pale); font-size: .85rem; overflow-wrap: anywhere; }
ul, ol { margin: .5rem 0; padding-left: 1.25rem; }
pre { margin: .4rem 0; padding: .4rem 0; overflow-x: auto; border: 1px solid var(--line); border-radius: 4px;
  background: var(--paper); font: 12.5px/1.45 ui-monospace, monospace; white-space: pre; }
.line { display: block; min-width: max-content; padding: 0 .6rem; }
.line.added { background: var(--green-paper); } .line.removed { background: var(--red-paper); }
.line.kept, .line.left-out { color: var(--pale); }
figure { margin: .75rem 0; } figcaption { font-weight: 600; overflow-wrap: anywhere; }
.sides { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.side { flex: 1 1 20rem; min-width: 0; max-width: 36rem; }
.side > svg { display: block; width: 100%; background: var(--paper); border: 1px solid var(--line);
  border-radius: 4px; }
.tile rect { fill: var(--grey-paper); stroke: var(--line); }
.tile text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.tile.added rect { fill: var(--green-paper); stroke: var(--green); }
.tile.removed rect { fill: var(--red-paper); stroke: var(--red); }
.tile.moved rect { fill: var(--blue-paper); stroke: var(--blue); }
.tile.resized rect, .tile.changed rect { fill: var(--amber-paper); stroke: var(--amber); }
.tile.changed rect { stroke-dasharray: 1 2; }
rect.was { fill: none; stroke-dasharray: 5 3; stroke-width: 1.5; pointer-events: none; }
rect.was.moved { stroke: var(--blue); } rect.was.resized { stroke: var(--amber); }
.legend { display: flex; flex-wrap: wrap; gap: .4rem; font-size: .85rem; }
.key { border: 1px solid var(--line); border-radius: 4px; padding: 0 .5rem; color: var(--ink);
  background: var(--grey-paper); }
.key.added { background: var(--green-paper); border-color: var(--green); }
.key.removed { background: var(--red-paper); border-color: var(--red); }
.key.moved { background: var(--blue-paper); border-color: var(--blue); }
.key.resized, .key.changed { background: var(--amber-paper); border-color: var(--amber); }
.key.changed { border-style: dotted; } .key.was { background: none; border: 1px dashed var(--ink); }
"""
