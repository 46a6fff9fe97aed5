"""The picture of docs/coverage.md: coverage against the number of sessions, as SVG."""

import pandas as pd


def picture(usable: pd.DataFrame, least: float) -> str:
    """SVG: lowest coverage in any cell against the number of sessions, before and now."""
    units = usable[usable["part"] == "unit"]
    lines = (
        ("means and index", "#1a5276", units[(units["method"] == "now")
         & units["estimate"].isin(["butir1", "tinggi", "indeks"])]),
        ("shares", "#117a65", units[(units["method"] == "now")
         & units["estimate"].str.startswith("p")]),
        ("shares, before", "#b03a2e", units[(units["method"] == "before")
         & units["estimate"].str.startswith("p")]),
    )  # fmt: skip
    left, top, width, height = 56, 16, 420, 220
    sessions = sorted(units["sessions"].unique())

    def x(i: int) -> float:
        return left + width * i / (len(sessions) - 1)

    def y(share: float) -> float:
        return top + height * (1.0 - share) / 0.2

    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 290" font-family="sans-serif" '
        'font-size="13" role="img" aria-label="Lowest coverage by number of sessions">',
        '<rect width="660" height="290" fill="#fff"/>',
    ]
    out += [
        f'<line x1="{left}" x2="{left + width}" y1="{y(share):.1f}" y2="{y(share):.1f}" '
        f'stroke="#ddd"/><text x="{left - 8}" y="{y(share) + 4:.1f}" '
        f'text-anchor="end">{share:.0%}</text>'
        for share in (0.8, 0.85, 0.9, 0.95, 1.0)
    ]
    out.append(
        f'<line x1="{left}" x2="{left + width}" y1="{y(least):.1f}" y2="{y(least):.1f}" '
        f'stroke="#555" stroke-dasharray="5 4"/><text x="{left + width + 8}" '
        f'y="{y(least) + 4:.1f}" fill="#555">92 %</text>'
    )
    for i, m in enumerate(sessions):
        out.append(f'<text x="{x(i):.1f}" y="{top + height + 20}" text-anchor="middle">{m}</text>')
    out.append(
        f'<text x="{left + width / 2}" y="{top + height + 42}" text-anchor="middle">sessions of '
        "the unit (lowest coverage of all its cells)</text>"
    )
    for k, (label, colour, own) in enumerate(lines):
        low = own.groupby("sessions")["printed"].min()
        points = [(x(i), y(float(low[m]))) for i, m in enumerate(sessions)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"/>' for a, b in points]
        at = 150 + 22 * k
        out.append(
            f'<rect x="{left + width + 8}" y="{at}" width="12" height="12" fill="{colour}"/>'
            f'<text x="{left + width + 26}" y="{at + 11}">{label}</text>'
        )
    return "\n".join([*out, "</svg>", ""])
