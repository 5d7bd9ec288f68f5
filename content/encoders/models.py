"""The models, each loaded when first asked for and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from content.encoders.choice import EMBEDDED, Device, EncoderChoice
from content.encoders.specs import specs
from content.types import F32, U8, EncoderSpec, Space, Vector

if TYPE_CHECKING:
    from content.encoders.clap import ClapEncoder
    from content.encoders.clip import ClipEncoder
    from content.encoders.concept import ConceptEncoder
    from content.encoders.face_mesh import FaceMesh
    from content.encoders.faces import FaceDetector
    from content.encoders.figure import FigureFinder
    from content.encoders.frames import FrameEncoder
    from content.encoders.identity import IdentityEncoder
    from content.encoders.ocr import TextReader
    from content.encoders.speech import SpeechDetector
    from content.encoders.text import TextEncoder
    from content.encoders.transnet import TransitionNetwork
    from content.encoders.unsafe import UnsafeDetector
    from content.encoders.weapons import WeaponDetector
    from content.encoders.whisper import Whisper
    from content.shots import ShotsChoice


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """n pictures as an encoder of pictures sees them."""

    visual: F32
    """(n, dim of `visual`), rows of unit norm."""
    likeliest: F32 | None
    """(n, TOP, 2), as of `concept.likeliest`; None where the visual encoder knows words itself."""


class Models:
    """Lazy holder. Making one costs nothing; not for use by several threads at once."""

    def __init__(
        self,
        choice: EncoderChoice = EMBEDDED,
        *,
        transcript: str = "tiny",
        shots: "ShotsChoice" = "auto",
    ) -> None:
        """`transcript`, `shots`: as KEYART_TRANSCRIPT and KEYART_SHOTS."""
        self._choice = choice
        self.transcript, self.shots = transcript, shots

    @property
    def device(self) -> Device:
        """As KEYART_DEVICE."""
        return self._choice.device

    @cached_property
    def specs(self) -> dict[Space, EncoderSpec]:
        """What makes each space's vectors."""
        return specs(self._choice)

    # ----- by space

    def pictures(self, frames: Sequence[U8]) -> Pictures:
        """RGB pictures (H, W, 3), 0..255. No encoder of words has a part in it."""
        if self._clip is not None:
            return Pictures(self._clip.encode(frames), None)
        from content.encoders.concept import likeliest

        seen = self._frames.classify(frames)
        return Pictures(seen.features, likeliest(seen.classes))

    def meaning(self, pictures: Pictures) -> F32:
        """What is compared with `picture_words`: `concept`, where that is a space, or `visual`."""
        if pictures.likeliest is None:
            return pictures.visual
        return self.concept.encode(pictures.likeliest)

    @property
    def cross_modal(self) -> bool:
        """Whether pictures and words have one encoder (then there is no `concept`)."""
        return not self._choice.visual.embedded

    def picture_words(self, texts: Sequence[str]) -> F32:
        """Texts in the space of pictures: to be compared, row by row, with `meaning`.

        A cross-modal encoder's own text tower, (n, dim of `visual`); with the embedded encoders
        the text encoder, (n, dim of `concept`), in whose space ConSE puts the pictures. Cosines
        of different encoders are not alike in size: centre or rank them, compare none with a
        constant.
        """
        return self.text.encode(texts) if self._clip is None else self._clip.words(texts)

    def query(self, text: str) -> dict[Space, Vector]:
        """What is searched for, in every space that knows words."""
        found: dict[Space, F32] = {"synopsis": self.text.encode([text])[0]}
        if self._clip is None:
            found["concept"] = found["synopsis"]
        else:
            found["visual"] = self._clip.words([text])[0]
        if self.sound is not None:
            found["audio"] = self.sound.words([text])[0]
        made_by = self.specs
        return {space: Vector(data, made_by[space].fingerprint) for space, data in found.items()}

    @property
    def visual(self) -> "FrameEncoder | ClipEncoder":
        """Pictures to vectors of `visual`."""
        return self._clip or self._frames

    @cached_property
    def text(self) -> "TextEncoder":
        """Words to vectors of `synopsis`."""
        if self._choice.text.embedded:
            from content.encoders.text import MiniLm

            return MiniLm(self._choice.cache)
        from content.encoders.sentences import SentenceEncoder

        return SentenceEncoder(self._choice.text, self._choice.device)

    @cached_property
    def sound(self) -> "ClapEncoder | None":
        """Windows of sound to vectors of `audio`; None where that space is made of statistics."""
        if self._choice.audio.embedded:
            return None
        from content.encoders.clap import ClapEncoder

        return ClapEncoder(self._choice.audio, self._choice.device)

    @cached_property
    def concept(self) -> "ConceptEncoder":
        """The likeliest classes to the space of words."""
        from content.encoders.concept import ConceptEncoder

        return ConceptEncoder(self.text)

    # ----- detectors

    @cached_property
    def speech(self) -> "SpeechDetector":
        """Sound to speech probabilities."""
        from content.encoders.speech import SpeechDetector

        return SpeechDetector()

    @cached_property
    def faces(self) -> "FaceDetector":
        """Pictures to faces."""
        from content.encoders.faces import FaceDetector

        return FaceDetector()

    @cached_property
    def face_mesh(self) -> "FaceMesh":
        """Faces to what they express."""
        from content.encoders.face_mesh import FaceMesh

        return FaceMesh()

    @cached_property
    def identities(self) -> "IdentityEncoder":
        """Faces to vectors of whose they are."""
        from content.encoders.identity import IdentityEncoder

        return IdentityEncoder()

    @cached_property
    def figures(self) -> "FigureFinder":
        """Pictures to what stands out of its ground."""
        from content.encoders.figure import FigureFinder

        return FigureFinder()

    @cached_property
    def unsafe(self) -> "UnsafeDetector":
        """Pictures to how unsafe they are."""
        from content.encoders.unsafe import UnsafeDetector

        return UnsafeDetector()

    @cached_property
    def weapons(self) -> "WeaponDetector":
        """Pictures to how likely they show a gun; with any encoder, by the embedded one."""
        from content.encoders.weapons import WeaponDetector

        return WeaponDetector(self._frames)

    @cached_property
    def text_reader(self) -> "TextReader":
        """Pictures to lines of text."""
        from content.encoders.ocr import TextReader

        return TextReader()

    @cached_property
    def whisper(self) -> "Whisper | None":
        """Speech to words; None when it is off."""
        if self.transcript == "off":
            return None
        from content.encoders.whisper import Whisper

        return Whisper(self.transcript, self.device)

    @cached_property
    def transitions(self) -> "TransitionNetwork":
        """Frames to shot changes."""
        from content.encoders.transnet import TransitionNetwork

        return TransitionNetwork(self.device)

    @cached_property
    def _frames(self) -> "FrameEncoder":
        from content.encoders.frames import FrameEncoder

        return FrameEncoder(self._choice.cache)

    @cached_property
    def _clip(self) -> "ClipEncoder | None":
        if self._choice.visual.embedded:
            return None
        from content.encoders.clip import ClipEncoder

        return ClipEncoder(self._choice.visual, self._choice.device)
