"""`keyart rebuild`: is what was learned what the ledger says?"""

import typer

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url
from api.cli.show import AsJson

PATIENCE_S = 3600.0


def rebuild(*, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = "") -> None:
    """Fold the whole ledger again beside the state in use, and compare them bit by bit.

    Nothing is changed. Exit status 1 when they differ.
    """
    found = Remote(url, key, patience_s=PATIENCE_S).post("/v1/rebuild")
    if as_json:
        show.print_json(found)
    else:
        show.fields(found)
    if not (found["same_sums"] and found["same_posterior"]):
        show.complain("", "what was learned is not what the ledger says: restart the service")
        raise typer.Exit(1)
