"""The rooms of Yueke; see the house map in the README."""

import gc

# Loading a service makes half a million objects that stay: looking through them for garbage again
# and again, as the default of 700 does, is a tenth of its start.
gc.set_threshold(20_000, 20, 20)
