"""Coverage-guided fuzzing of every decoder, with the laws that bad input must not break."""
