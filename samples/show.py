"""What the demo puts on the screen: progress, tables, a plot and a contact sheet."""

import io
import time
from pathlib import Path

import httpx
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from samples.simulate import Outcome, Shown

STAGES = ("queued", "probe", "decode", "words", "pictures", "publish", "done")
ENDED = ("done", "failed", "cancelled")


def ingest(console: Console, http: httpx.Client, jobs: dict[str, str]) -> None:
    """Watch jobs (title id -> job id) until all have ended."""
    started = time.monotonic()
    with Live(console=console, refresh_per_second=4, transient=not console.is_terminal) as live:
        while True:
            states = {title: http.get(f"/v1/jobs/{job}").json() for title, job in jobs.items()}
            live.update(_progress(states, time.monotonic() - started))
            if all(job["state"] in ENDED for job in states.values()):
                break
            time.sleep(0.4)
    if not console.is_terminal:
        console.print(_progress(states, time.monotonic() - started))
    done = sum(job["state"] == "done" for job in states.values())
    console.print(f"{done} of {len(jobs)} titles in {time.monotonic() - started:.0f} s")


def _progress(states: dict[str, dict], elapsed_s: float) -> Table:
    ended = sum(job["state"] in ENDED for job in states.values())
    caption = f"{ended} of {len(states)} titles, {elapsed_s:.0f} s"
    table = Table("title", "stage", "progress", box=None, pad_edge=False, caption=caption)
    colours = {"done": "green", "failed": "red", "running": "cyan"}
    for title, job in states.items():
        colour = colours.get(job["state"], "dim")
        what = job["error"]["code"] if job.get("error") else job["stage"]
        waiting = job["state"] == "queued"
        bar = ProgressBar(total=1.0, completed=job["progress"], width=36)
        table.add_row(title, f"[{colour}]{what}[/]", "[dim]…[/]" if waiting else bar)
    return table


def reindex(console: Console, http: httpx.Client) -> None:
    answer = http.post("/v1/reindex").json()
    started, answers = time.monotonic(), 0
    title = http.get("/v1/titles", params={"limit": 1}).json()["items"][0]["id"]
    while http.get(f"/v1/jobs/{answer['job_id']}").json()["state"] not in ENDED:
        assert http.get(f"/v1/titles/{title}/similar").status_code == 200
        answers += 1
    console.print(
        f"A new generation of vectors took over in {time.monotonic() - started:.1f} s. "
        f"{answers} queries were asked meanwhile; every one was answered."
    )


def neighbours(console: Console, http: httpx.Client, title_id: str) -> None:
    items = http.get(f"/v1/titles/{title_id}/similar", params={"limit": 4}).json()["items"]
    table = Table(
        "neighbour",
        "score",
        "visual",
        "style",
        "audio",
        "synopsis",
        title=f"like {title_id}",
        caption="cosines; 0: as alike as any two titles here, —: has no sound",
    )
    for item in items:
        cells = (item["scores"].get(space) for space in ("visual", "style", "audio", "synopsis"))
        shown = ("—" if cell is None else f"{cell:.2f}" for cell in cells)
        table.add_row(item["title_id"], f"[bold]{item['score']:.2f}[/]", *shown)
    console.print(table)


def words(console: Console, http: httpx.Client, *queries: str) -> None:
    for query in queries:
        items = http.get("/v1/search", params={"q": query, "limit": 2}).json()["items"]
        found = ", ".join(f"{item['title_id']} ({item['score']:.2f})" for item in items)
        console.print(f"“{query}” → {found}")


def learning(console: Console, outcome: Outcome, path: Path) -> None:
    """The figures as a table, and the curve as a PNG."""
    table = Table("pictures chosen", "take fraction", "last 2,000", title="who learned what")
    for name, overall, late in outcome.summary():
        table.add_row(name, f"{overall:.3f}", f"{late:.3f}")
    console.print(table)
    console.print(
        f"{len(outcome.taken):,} decisions and their rewards over HTTP in {outcome.seconds:.0f} s"
    )
    _plot(outcome, path)
    console.print(f"plot: [bold]{path}[/]")


def _plot(outcome: Outcome, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5.2), dpi=110)
    styles = {"Keyart": ("#d6336c", 2.2), "uniform": ("#868e96", 1.4)}
    for name, curve in outcome.curves(window=1000):
        colour, width = styles.get(name, (None, 1.4))
        axes.plot(*curve, label=name, linewidth=width, color=colour)
    axes.set(xlabel="decisions", ylabel="take fraction (moving over 1,000)")
    figure.suptitle("Viewers with hidden tastes: who shows the picture they press play on?")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def viewers(console: Console, shown: Shown) -> None:
    """Three viewers, the title on which they differ most."""
    title = shown.by_difference()[0]
    console.print(f"[bold]{title}[/]")
    for viewer in shown.viewers:
        choice = shown.choices[viewer.name, title]
        console.print(
            f"  [bold]{viewer.name}[/] ({viewer.likes}): the frame at "
            f"{shown.source_s[choice['group_id']]:.1f} s, propensity {choice['propensity']:.3f}\n"
            f"    [dim]decision {choice['decision_id']}[/]"
        )


def contact_sheet(http: httpx.Client, shown: Shown, path: Path, columns: int = 6) -> None:
    """A PNG of viewers × titles: what each is shown."""
    titles = shown.by_difference()[:columns]
    width, height, left, top, gap = 240, 135, 150, 34, 22
    size = (left + len(titles) * (width + 8), top + len(shown.viewers) * (height + gap))
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font, small = ImageFont.load_default(16), ImageFont.load_default(12)
    for column, title in enumerate(titles):
        draw.text((left + column * (width + 8), 10), title, fill="black", font=font)
    for row, viewer in enumerate(shown.viewers):
        y = top + row * (height + gap)
        draw.text((8, y + 40), viewer.name, fill="black", font=font)
        for line, text in enumerate(viewer.likes.split(", ")):
            draw.text((8, y + 62 + 15 * line), text, fill="#555555", font=small)
        for column, title in enumerate(titles):
            choice = shown.choices[viewer.name, title]
            url = choice["url"].rsplit(".", 1)[0] + ".jpg"
            picture = Image.open(io.BytesIO(http.get(url, params={"w": 320}).content))
            x = left + column * (width + 8)
            sheet.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (x, y))
            text = f"probability {choice['propensity']:.2f}"
            draw.text((x, y + height + 3), text, fill="#555555", font=small)
    sheet.save(path, optimize=True)


def urls(console: Console, http: httpx.Client) -> None:
    base = str(http.base_url).rstrip("/")
    title = http.get("/v1/titles", params={"limit": 1}).json()["items"][0]["id"]
    console.rule("Try")
    for what, path in (
        ("similar titles", f"/v1/titles/{title}/similar"),
        ("artwork for you", f"/v1/titles/{title}/artwork?user=you&aspect=16:9"),
        ("words to titles", "/v1/search?q=animals+in+a+forest"),
        ("its shots", f"/v1/titles/{title}/shots"),
        ("the whole API", "/openapi.json"),
        ("metrics", "/metrics"),
    ):
        console.print(f"{what}:\n  {base}{path}", soft_wrap=True)
