"""The benefits stage: what follows from the position."""

from lmanalytics.rules import benefit, topics
from lmanalytics.rules.parameters import Settings

Tables = topics.Tables


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Ask every topic of this package.

    Args:
        inputs: canonical tables, facts (`facts_hosts`, …) and every earlier answer; an absent one was not given.
        settings: date and policies.

    Returns:
        The topics' answers. `benefit_findings` are the rows that they add to the findings.

    """
    return topics.gather(topics.topics_of(benefit), inputs, settings, "benefit")
