"""Write a DistilBERT classifier of full size with random weights: the real model's cost, not its answers.

66,955,010 parameters, 268 MB. The tokenizer is copied from the shipped tiny model, which has the same vocabulary.

Usage: python make_full_size_model.py TINY_MODEL_DIRECTORY DIRECTORY
"""

import json
import shutil
import sys
from pathlib import Path

import onnx
from distilbert_graph import Shape, build, random_weights

SEED = 0


def main() -> None:
    """Read the tokenizer from the folder named first, and write the model into the one named second."""
    tiny, directory = (Path(argument) for argument in sys.argv[1:])
    directory.mkdir(parents=True, exist_ok=True)
    shape = Shape()
    weights = random_weights(shape, SEED)
    onnx.save(build(shape, weights), directory / "model.onnx")
    shutil.copyfile(tiny / "tokenizer.json", directory / "tokenizer.json")
    config = json.loads((tiny / "config.json").read_text(encoding="utf-8"))
    config |= {
        "dim": shape.dim,
        "hidden_dim": shape.hidden_dim,
        "n_heads": shape.heads,
        "n_layers": shape.layers,
    }
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    parameters = sum(weight.size for weight in weights.values())
    print(f"{parameters:,} parameters, {(directory / 'model.onnx').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
