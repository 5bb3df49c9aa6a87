"""What TensorFlow says about itself does not reach notebooks."""

import logging

import dlcourse  # noqa: F401  (importing it is what is tested)


def test_only_errors_of_tensorflow_are_logged():
    logger = logging.getLogger("tensorflow")

    def passes(level):
        return bool(logger.filter(logging.makeLogRecord({"levelno": level})))

    assert not passes(logging.WARNING)
    assert passes(logging.ERROR)
