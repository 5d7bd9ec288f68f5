"""How a picture is shown in an aspect: windows, heads, safe areas."""
