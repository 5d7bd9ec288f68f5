"""The decode child: the only place where PyAV (FFmpeg) meets a media file. See `__main__`."""
