"""A computation as SVG: boxes from top to bottom, arrows with the local derivatives, signals in a colour of their own.

The picture is one self-contained element without scripts.  Its text is monospaced, so its widths are known; all of it
is escaped.  Long texts are cut, and stand whole in a `<title>`.  Colours follow the reader's scheme, light or dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width

from matcalc.computations.layered import Layers, layers_of
from matcalc.computations.picture import IN_BOX, ON_ARROW, Arrow, Box, Picture, cut

__all__ = ["COLOURS", "svg_of"]

#: The size of the text and of its characters, the height of a line, and the margins, in pixels.
SIZE, CHARACTER, LINE, PADDING, MARGIN = 13, 7.9, 18, 10, 24
#: The distance between a rank and the next one.
BETWEEN = 20

#: The colours in light and in dark; what stands on what is told by `tests`.
COLOURS = {
    "light": {
        "ground": "#ffffff", "text": "#1b1f24", "faint": "#57606a", "line": "#57606a", "local": "#0550ae",
        "signal": "#b3261e", "input": "#ddf4ff", "value": "#f6f8fa", "output": "#fff8c5",
    },
    "dark": {
        "ground": "#0d1117", "text": "#e6edf3", "faint": "#a3adb8", "line": "#8b949e", "local": "#79c0ff",
        "signal": "#ff9e8f", "input": "#12304f", "value": "#1c232c", "output": "#3a3009",
    },
}  # fmt: skip


def svg_of(picture: Picture) -> str:
    """The text of an SVG file."""
    return Drawing(picture).text


class Drawing:
    """A picture that is laid out."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.lines = {box.name: lines_of(box) for box in picture.boxes}
        self.labels = {(a.start, a.end): cut(a.label, ON_ARROW) for a in picture.arrows}
        widths = {name: max(width(text) for text, _ in lines) + 2 * PADDING for name, lines in self.lines.items()}
        self.layers = layers_of(widths, {edge: width(label) + 6 for edge, label in self.labels.items()})
        self.tops, self.heights = ranks_of(self.layers, self.lines)

    @property
    def text(self) -> str:
        """The SVG."""
        layers = self.layers
        right = max(middle + wide / 2 for middle, wide in zip(layers.middles, layers.widths, strict=True))
        wide = max(right, width(self.legend)) + 2 * MARGIN
        high = self.tops[-1] + self.heights[-1] + 2 * MARGIN + 2 * LINE
        return "\n".join([*opening(self.picture.title, wide, high), *self.elements(high), "</svg>"]) + "\n"

    @property
    def legend(self) -> str:
        """What the colours mean."""
        return f"arrow: local derivative    last line: {self.picture.signal}"

    def elements(self, high: float) -> Iterator[str]:
        """Arrows below, labels and boxes above, and the legend."""
        yield f'<g transform="translate({MARGIN} {MARGIN})">'
        yield from (self.line(arrow) for arrow in self.picture.arrows)
        yield from (self.label(arrow) for arrow in self.picture.arrows if arrow.label)
        yield from (self.box(box) for box in self.picture.boxes)
        yield "</g>"
        first, second = self.legend.split("    ")
        spans = f'<tspan class="local">{escaped(first)}</tspan><tspan dx="24" class="signal">{escaped(second)}</tspan>'
        yield f'<text x="{MARGIN}" y="{number(high - MARGIN)}">{spans}</text>'

    # ---- Parts.

    def box(self, box: Box) -> str:
        """A box with its lines, and all of them in full as its title."""
        point = self.layers.boxes[box.name]
        wide, lines = self.layers.widths[point], self.lines[box.name]
        high = len(lines) * LINE + PADDING
        x, y = self.layers.middles[point], self.middle_of(point) - high / 2
        base = y + PADDING / 2 + 0.75 * LINE
        rows = [
            f'<text x="{number(x)}" y="{number(base + k * LINE)}" class="middle {kind}">{escaped(text)}</text>'
            for k, (text, kind) in enumerate(lines)
        ]
        frame = f'<rect x="{number(x - wide / 2)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}" rx="6"'
        title = f"<title>{escaped('; '.join([box.text, box.shape, *box.signals]))}</title>"
        return "\n".join(["<g>", title, f'{frame} class="{box.role}"/>', *rows, "</g>"])

    def line(self, arrow: Arrow) -> str:
        """The curve of an arrow through its points, vertical where it passes a rank."""
        path = self.layers.paths[arrow.start, arrow.end]
        corners = [(self.layers.middles[path[0]], self.middle_of(path[0]) + self.height_of(arrow.start) / 2)]
        for point in path[1:-1]:
            x, rank = self.layers.middles[point], self.layers.ranks[point]
            top = self.tops[rank]
            corners += [(x, top), (x, top + self.heights[rank])]
        corners.append((self.layers.middles[path[-1]], self.middle_of(path[-1]) - self.height_of(arrow.end) / 2 - 2))
        return f'<path class="arrow" marker-end="url(#head)" d="{curve(corners)}"><title>{escaped(arrow.title)}</title></path>'

    def label(self, arrow: Arrow) -> str:
        """The local derivative upon its arrow."""
        point = self.layers.paths[arrow.start, arrow.end][-2]
        x, y, text = self.layers.middles[point], self.middle_of(point), self.labels[arrow.start, arrow.end]
        wide = width(text) + 4
        ground = f'<rect x="{number(x - wide / 2)}" y="{number(y - LINE / 2)}" width="{number(wide)}" height="{LINE}"'
        words = f'<text x="{number(x)}" y="{number(y + LINE / 4)}" class="middle local">{escaped(text)}</text>'
        return f'<g><title>{escaped(arrow.title)}</title>{ground} class="ground"/>{words}</g>'

    def height_of(self, name: str) -> float:
        """The height of a box."""
        return len(self.lines[name]) * LINE + PADDING

    def middle_of(self, point: int) -> float:
        """The height at which the middle of a point lies."""
        rank = self.layers.ranks[point]
        return self.tops[rank] + self.heights[rank] / 2


def lines_of(box: Box) -> list[tuple[str, str]]:
    """The lines of a box, each with its class."""
    return [(cut(box.text, IN_BOX), "name"), (box.shape, "faint"), *((cut(line, IN_BOX), "signal") for line in box.signals)]


def ranks_of(layers: Layers, lines: dict[str, list[tuple[str, str]]]) -> tuple[list[float], list[float]]:
    """The top and the height of each rank: of its highest box, or of one label."""
    heights = [float(LINE) for _ in layers.rows]
    for name, point in layers.boxes.items():
        rank = layers.ranks[point]
        heights[rank] = max(heights[rank], len(lines[name]) * LINE + PADDING)
    tops = [0.0]
    for height in heights[:-1]:
        tops.append(tops[-1] + height + BETWEEN)
    return tops, heights


def curve(corners: Sequence[tuple[float, float]]) -> str:
    """A smooth way through points that is vertical at each."""
    (x, y), parts = corners[0], [f"M{number(corners[0][0])} {number(corners[0][1])}"]
    for new_x, new_y in corners[1:]:
        if new_x == x:
            parts.append(f"V{number(new_y)}")
        else:
            half = number((y + new_y) / 2)
            parts.append(f"C{number(x)} {half} {number(new_x)} {half} {number(new_x)} {number(new_y)}")
        x, y = new_x, new_y
    return "".join(parts)


# ---- Text -----------------------------------------------------------------------------------------------------------


def opening(title: str, wide: float, high: float) -> list[str]:
    """The element, its style and its ground."""
    size = f'width="{number(wide)}" height="{number(high)}" viewBox="0 0 {number(wide)} {number(high)}"'
    head = '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escaped(title)}</title>",
        f"<style>{style()}</style>",
        f'<defs>{head}<path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
        '<rect class="ground" width="100%" height="100%"/>',
    ]


def style() -> str:
    """The rules of both colour schemes."""
    font = f"text{{font:{SIZE}px ui-monospace,Menlo,Consolas,monospace}}"
    shared = f"{font}.middle{{text-anchor:middle}}.name{{font-weight:bold}}"
    dark = f"@media (prefers-color-scheme:dark){{{rules(COLOURS['dark'])}}}"
    return f"{shared}.arrow{{fill:none;stroke-width:1.3}}{rules(COLOURS['light'])}{dark}"


def rules(colours: dict[str, str]) -> str:
    """The colours of one scheme."""
    fills = [f".{name}{{fill:{colours[name]}}}" for name in ("ground", "faint", "local", "signal")]
    boxes = [f"rect.{role}{{fill:{colours[role]};stroke:{colours['line']}}}" for role in ("input", "value", "output")]
    return f"text{{fill:{colours['text']}}}" + "".join(
        [*fills, *boxes, f".arrow{{stroke:{colours['line']}}}", f".tip{{fill:{colours['line']}}}"]
    )


def width(text: str) -> float:
    """The pixels of a line."""
    return CHARACTER * sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def number(value: float) -> str:
    """A length, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def escaped(text: str) -> str:
    """A text within an element; what XML has no place for is left out."""
    kept = "".join(c for c in text if c.isprintable() or c == " ")
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
