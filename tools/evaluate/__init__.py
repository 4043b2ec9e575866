"""How often the diagnosis is right: freeze frames from a written fault model, labels that never saw the engine.

``model`` reads the faults, ``scenarios`` makes freeze frames of them, ``rules`` and ``states`` label each frame by the
evidence rules, written a second time and on their own, ``baselines`` judges the same frames as an article or a bare
code table would, ``score`` compares. Only ``__main__`` and ``score`` know the product's engine.
"""
