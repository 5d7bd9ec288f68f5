"""Pictures made by a diffusion model from a title's own frames."""
