"""Scripts of the project that have no .py in their names, loaded as modules for their tests."""
import importlib.machinery
import importlib.util
import pathlib


def load(path, name):
    """The script at that path below tests/."""
    loader = importlib.machinery.SourceFileLoader(name, str(pathlib.Path(__file__).resolve().parents[1] / path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module
