"""The models, each loaded when first asked for and kept."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from content.encoders.concept import ConceptEncoder
    from content.encoders.faces import FaceDetector
    from content.encoders.frames import FrameEncoder
    from content.encoders.ocr import TextReader
    from content.encoders.speech import SpeechDetector
    from content.encoders.text import TextEncoder
    from content.encoders.transnet import TransitionNetwork
    from content.encoders.whisper import Whisper
    from content.shots import ShotsChoice


class Models:
    """Lazy holder. Making one costs nothing; not for use by several threads at once."""

    def __init__(self, transcript: str = "tiny", shots: "ShotsChoice" = "auto") -> None:
        """`transcript`, `shots`: as KEYART_TRANSCRIPT and KEYART_SHOTS."""
        self.transcript, self.shots = transcript, shots

    @cached_property
    def frames(self) -> "FrameEncoder":
        """Pictures to features and class probabilities."""
        from content.encoders.frames import FrameEncoder

        return FrameEncoder()

    @cached_property
    def text(self) -> "TextEncoder":
        """Words to vectors."""
        from content.encoders.text import TextEncoder

        return TextEncoder()

    @cached_property
    def concept(self) -> "ConceptEncoder":
        """Class probabilities to the space of words."""
        from content.encoders.concept import ConceptEncoder

        return ConceptEncoder(self.text)

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

        return Whisper(self.transcript)

    @cached_property
    def transitions(self) -> "TransitionNetwork":
        """Frames to shot changes."""
        from content.encoders.transnet import TransitionNetwork

        return TransitionNetwork()
