"""The rights stage: what changes demand or supply, and what a customer may do with what is owned."""

from lmanalytics.rules import right, topics
from lmanalytics.rules.parameters import Settings

Tables = topics.Tables


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Ask every topic of this package.

    Args:
        inputs: canonical tables, facts (`facts_hosts`, …) and what is owned; an absent one was not given.
        settings: date and policies.

    Returns:
        The topics' answers. `right_demand` and `right_findings` are the rows that they add to those answers.

    """
    return topics.gather(topics.topics_of(right), inputs, settings, "right")
