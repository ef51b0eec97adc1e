from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id at OWASP's parameters (19 MiB, two passes, one lane): sound, and a sixth of the cost of Django's own."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
