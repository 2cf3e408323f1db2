"""A world to run on: a book of loans, what its borrowers pay, how that is told to us, and what the bank saw.

Everything follows from a seed. The folder `truth` of a world says what each row really is; tests and benchmarks read
it, the platform never does.
"""

from payments_pipeline.world.generation import Progress, generate
from payments_pipeline.world.manifest import Manifest, is_there, read_manifest
from payments_pipeline.world.parameters import World, WorldError

__all__ = ["Manifest", "Progress", "World", "WorldError", "generate", "is_there", "read_manifest"]
