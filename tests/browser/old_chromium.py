"""In a browser: Chromium 109, the last one of Windows 7, from the npm package that carries it."""

import io
import os
import tarfile
from pathlib import Path

import brotli

PACKED = Path(__file__).parents[2] / "node_modules" / "@sparticuz" / "chromium" / "bin"


def unpack(folder: Path) -> Path:
    """The program; the libraries for drawing without a graphics card lie beside it."""
    program = folder / "chromium"
    program.write_bytes(brotli.decompress((PACKED / "chromium.br").read_bytes()))
    os.chmod(program, 0o755)
    libraries = brotli.decompress((PACKED / "swiftshader.tar.br").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(libraries)) as packed:
        packed.extractall(folder, filter="data")
    return program
