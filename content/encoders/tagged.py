"""`python -m content.encoders.tagged MODEL TAG`: fetch a tag's weights, print the path."""

import sys

from content.encoders.torch_setup import import_torch


def main(model: str, tag: str) -> None:
    import_torch(offline=False)
    from open_clip.pretrained import (
        download_pretrained,
        get_pretrained_cfg,
        list_pretrained_tags_by_model,
    )

    config = get_pretrained_cfg(model, tag)
    if not config:
        known = ", ".join(list_pretrained_tags_by_model(model)) or "none"
        sys.exit(f"no such tag; for {model} open_clip knows {known}")
    print(download_pretrained(config))


if __name__ == "__main__":
    main(*sys.argv[1:])
