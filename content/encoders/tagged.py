"""`python -m content.encoders.tagged MODEL TAG [cached]`: fetch a tag's weights, print the path.

With `cached` nothing is fetched: status 1 where the weights are not here yet.
"""

import sys
from pathlib import Path

from content.encoders.torch_setup import import_torch


def main(model: str, tag: str, cached: str = "") -> None:
    import_torch(offline=bool(cached))
    from open_clip.pretrained import (
        download_pretrained,
        get_pretrained_cfg,
        list_pretrained_tags_by_model,
    )

    config = get_pretrained_cfg(model, tag)
    if not config:
        known = ", ".join(list_pretrained_tags_by_model(model)) or "none"
        sys.exit(f"no such tag; for {model} open_clip knows {known}")
    if cached and not config.get("hf_hub"):
        path = (
            Path("~/.cache/clip").expanduser() / Path(config.get("url", "")).name
        )  # open_clip's own place
        sys.exit(not path.is_file())
    print(download_pretrained(config))


if __name__ == "__main__":
    main(*sys.argv[1:])
