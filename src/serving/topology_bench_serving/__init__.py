"""What runs inside the pods: one text classifier behind FastAPI, behind Triton, and behind a gateway to Triton."""

__version__ = "0.1.0"
