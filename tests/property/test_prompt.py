"""No name gets into a prompt, whatever a title holds."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from artwork.generate.brief import EMPHASIS, LOOKS, MOOD_NAMES, Brief
from artwork.generate.prompt import COLOURS, GENRES, MEDIA, prompt
from content.theme_vocabulary import THEMES

KNOWN = frozenset(
    re.findall(
        r"\w+",
        " ".join((*EMPHASIS.values(), *LOOKS.values(), *MOOD_NAMES, *COLOURS, *GENRES))
        + " ".join((" film still", *MEDIA.values(), *THEMES))
        + " atmosphere palette of a story cinematic composition detailed",
    )
)
words = st.text() | st.sampled_from(["Ada Lovelace", "by Ada Lovelace", "drama, Ada", "DRAMA"])
profiles = st.fixed_dictionaries(
    {},
    optional={
        "look": st.fixed_dictionaries(
            {},
            optional={
                "medium": words | st.none(),
                "palette": st.lists(st.fixed_dictionaries({"name": words})),
            },
        ),
        "mood": st.fixed_dictionaries({}, optional={"top": words | st.none()}),
        "words": st.fixed_dictionaries(
            {},
            optional={
                "themes": st.lists(
                    st.fixed_dictionaries({"theme": words, "score": st.floats(0, 1)})
                ),
            },
        ),
    },
)
briefs = st.builds(
    Brief,
    mood=st.none() | st.sampled_from(MOOD_NAMES),
    emphasis=st.none() | st.sampled_from(sorted(EMPHASIS)),
    look=st.none() | st.sampled_from(sorted(LOOKS)),
)


@given(briefs, profiles, st.lists(words))
def test_every_word_is_of_a_closed_vocabulary(
    brief: Brief, profile: dict[str, Any], genres: list[str]
) -> None:
    told = set(re.findall(r"\w+", prompt(brief, profile, genres)))
    assert told <= KNOWN
    assert not told & {"Ada", "Lovelace"}
